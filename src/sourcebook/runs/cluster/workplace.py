"""What a worker of a Dask cluster does: it lays a story's files out in a fresh folder, and runs it there."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import threading
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from distributed import Worker, WorkerPlugin, get_worker

from sourcebook.errors import BookError, Place
from sourcebook.runs.cluster.parcels import Answer, Done, Failed, Lacking, Parcel, Unlike, environment_here
from sourcebook.runs.orders import Orders
from sourcebook.runs.store import is_output_name
from sourcebook.runs.store.blobs import Blobs
from sourcebook.runs.tasks import Executed, Pool, RunnerDied, Watcher

TOPIC = "sourcebook-cells"
"""Where workers tell of cells that begin, as {"id": run, "cell": number, "cells": count}."""

_IDLE_S = 60  # then the runners of a worker give their memory back


class Workplace(WorkerPlugin):
    """The files and runners of one worker; builds share them, and they end with the worker."""

    idempotent = True  # another build must not take the place of one that is running

    @classmethod
    def title(cls) -> str:
        """Give the name under which workers know it: other code of ours has a place of its own."""
        return f"sourcebook {environment_here()['sourcebook']}"

    def setup(self, worker: Worker) -> None:
        """Move in."""
        self.worker = worker
        self.folder = Path(tempfile.mkdtemp(prefix="sourcebook-", dir=worker.local_directory))
        self.blobs = Blobs(self.folder / "blobs")
        self._lock = threading.Lock()
        self._pools: dict[bool, Pool] = {}
        self._running: dict[str, Future[Executed]] = {}
        self._idle: threading.Timer | None = None

    def teardown(self, worker: Worker) -> None:
        """Move out."""
        self._stop_waiting()
        self._end_runners()
        shutil.rmtree(self.folder, ignore_errors=True)

    def run(self, parcel: Parcel) -> Answer:
        """Run a story, if this worker is as it must be and has every file."""
        if environment_here() != parcel.environment:
            return Unlike(self.worker.address, environment_here())
        wanted = {one.digest for one in parcel.files if one.digest}
        absent = tuple(sorted(digest for digest in wanted if not self.blobs.has(digest)))
        if absent:
            return Lacking(self.worker.address, absent)
        with tempfile.TemporaryDirectory(dir=self.folder, prefix="book-", ignore_cleanup_errors=True) as root:
            self._lay_out(parcel, Path(root))
            return self._run_in(parcel, Path(root))

    def stop(self, run_id: str) -> None:
        """End a run with all its processes, if it is here."""
        if future := self._running.get(run_id):
            future.cancel()

    def _lay_out(self, parcel: Parcel, root: Path) -> None:
        folders = []
        for one in parcel.files:
            target = root / one.name
            if not one.digest:
                target.mkdir(parents=True, exist_ok=True)
                folders.append(one)
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(self.blobs.find(one.digest) or b"")
            target.chmod(one.mode)
            os.utime(target, ns=(one.mtime_ns, one.mtime_ns))
        for one in reversed(folders):
            os.utime(root / one.name, ns=(one.mtime_ns, one.mtime_ns))
        (root / parcel.task.path).parent.mkdir(parents=True, exist_ok=True)

    def _run_in(self, parcel: Parcel, root: Path) -> Answer:
        try:
            executed = self._execute(parcel, root)
        except BookError as error:
            return _taken_apart(error)
        except Exception as error:  # a fault of the runner, told on the other side as a death
            what = f"the runner failed on worker '{self.worker.address}': {type(error).__name__}: {error}"
            return _taken_apart(RunnerDied(what, Place(parcel.task.path)))
        names = [name for name in (executed.report or {}).get("outputs", {}) if is_output_name(name)]
        return Done(executed, {name: (root / name).read_bytes() for name in names if (root / name).is_file()})

    def _execute(self, parcel: Parcel, root: Path) -> Executed:
        with self._lock:
            self._stop_waiting()
            pool = self._pool(parcel)
            future = pool.submit(replace(parcel.task, root=root), self._teller(parcel.id))
            self._running[parcel.id] = future
        try:
            return future.result()
        finally:
            with self._lock:
                self._running.pop(parcel.id, None)
                if not self._running:
                    self._idle = threading.Timer(_IDLE_S, self._end_if_idle)
                    self._idle.daemon = True
                    self._idle.start()

    def _pool(self, parcel: Parcel) -> Pool:
        if parcel.is_cold not in self._pools:
            orders = Orders(workers=self.worker.state.nthreads, is_cold=parcel.is_cold)
            self._pools[parcel.is_cold] = parcel.runners(orders, scratch=self.folder / "scratch")
        return self._pools[parcel.is_cold]

    def _teller(self, run_id: str) -> Watcher:
        def tell(cell: int, cells: int) -> None:
            with contextlib.suppress(Exception):  # progress is a favour
                self.worker.log_event(TOPIC, {"id": run_id, "cell": cell, "cells": cells})

        return tell

    def _stop_waiting(self) -> None:
        if self._idle is not None:
            self._idle.cancel()
            self._idle = None

    def _end_if_idle(self) -> None:
        with self._lock:
            if self._running:
                return  # a story came in at the last moment
            pools, self._pools = list(self._pools.values()), {}
        for pool in pools:
            pool.close()

    def _end_runners(self) -> None:
        with self._lock:
            pools, self._pools = list(self._pools.values()), {}
        for pool in pools:
            pool.close()


def run_there(parcel: Parcel) -> Answer:
    """Run a story on the worker that this is called on."""
    worker = get_worker()
    return _workplace(worker).run(parcel)


def still_lacking(digests: tuple[str, ...], dask_worker: Any) -> list[str]:
    """Give those of some files that are not here."""
    return [digest for digest in digests if not _workplace(dask_worker).blobs.has(digest)]


def receive(contents: list[bytes], dask_worker: Any) -> None:
    """Take files for the stories to come."""
    for content in contents:
        _workplace(dask_worker).blobs.write(content)


def stop_there(run_id: str, dask_worker: Any) -> None:
    """End a run, on the worker that has it."""
    _workplace(dask_worker).stop(run_id)


def software_there() -> Mapping[str, str]:
    """Give what stories run in on a worker."""
    return environment_here()


def _workplace(worker: Any) -> Workplace:
    found: Workplace = worker.plugins[Workplace.title()]
    return found


def _taken_apart(error: BookError) -> Failed:
    place = error.place
    told = tuple((one.name, getattr(place, one.name)) for one in fields(place)) if place else ()
    return Failed(isinstance(error, RunnerDied), error.what, told, error.mend)
