"""Runners on a Dask cluster: each story goes out with the files that it may read, and its run comes home.

Whatever runs elsewhere is held against the book here before it counts: a story that saw anything
otherwise than it stands in this book is sent again with all of the book, and at last run on this machine.
"""

from __future__ import annotations

import contextlib
import itertools
import threading
import time
import uuid
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future, InvalidStateError, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

from sourcebook.errors import BookError, Place, StoryFailed
from sourcebook.runs.cluster.parcels import (
    Answer,
    Done,
    Failed,
    Lacking,
    Packer,
    Parcel,
    Runners,
    Sent,
    Unlike,
    environment_here,
    misfits,
    unlike,
)
from sourcebook.runs.orders import Orders
from sourcebook.runs.store import is_output_name
from sourcebook.runs.store.blobs import put_down
from sourcebook.runs.tasks import Executed, Pool, RunnerDied, Task, Watcher

_AT_ONCE = 64
_MOST_DELIVERIES = 8
_BATCH_BYTES = 64_000_000


class ClusterError(BookError):
    """A cluster cannot be used: it is not reached, or it runs other software."""


class ClusterPool:
    """The workers of a Dask cluster as runners.

    Args:
        address: of the scheduler, such as `tcp://scheduler:8786`.
        scratch: a folder for files that are on their way into the book.
        runners: gives the runners of one machine, this one's or a worker's; sent by its name.
        files_of: gives what a task is known to read, by the inputs of its last run; nothing if it never ran.
        is_cold: whether every story gets a fresh process.
        reach_s: longest time to reach the scheduler, in seconds.

    Raises:
        ClusterError: `distributed` is not installed, nobody answers, or a worker has other software.
    """

    def __init__(
        self,
        address: str,
        *,
        scratch: Path,
        runners: Runners,
        files_of: Callable[[Task], Iterable[str]] = lambda task: (),
        is_cold: bool = False,
        reach_s: float = 8,
    ) -> None:
        self._scratch, self._files_of = scratch, files_of
        self._runners, self._is_cold = runners, is_cold
        self._local: Pool | None = None
        self._lock = threading.Lock()
        self._order = itertools.count()
        self._packers: dict[Path, Packer] = {}
        self._doors: dict[str, threading.Lock] = {}
        self._runs: dict[str, _Run] = {}
        self._client = _connected(address, reach_s)
        try:
            self._open_workplaces(address, reach_s)
        except BaseException:
            self._client.close()
            raise
        self._threads = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="sourcebook-cluster")

    def submit(self, task: Task, watch: Watcher = lambda cell, cells: None) -> Future[Executed]:
        """Execute a task on a worker as soon as one is free; see `tasks.Pool`."""
        run = _Run(uuid.uuid4().hex, task, watch, next(self._order), self._stop)
        self._runs[run.id] = run
        self._threads.submit(self._follow, run)
        return run

    def close(self) -> None:
        """End every run, wherever it is; the cluster stays."""
        for run in list(self._runs.values()):
            run.cancel()
        self._threads.shutdown(cancel_futures=True)
        if self._local is not None:
            self._local.close()
        with contextlib.suppress(Exception):  # a scheduler that is gone is as good as left
            self._client.unsubscribe_topic(_topic())
        self._client.close()

    def _open_workplaces(self, address: str, reach_s: float) -> None:
        from sourcebook.runs.cluster.workplace import Workplace, software_there

        try:
            self._client.wait_for_workers(1, timeout=reach_s)
        except TimeoutError as error:
            mend = f"start one: dask worker {address}"
            raise ClusterError(f"the cluster at '{address}' has no worker", mend=mend) from error
        found = self._client.run(software_there, on_error="return")
        for worker, software in found.items():
            if isinstance(software, Exception):
                mend = "install this book's requirements.txt on every worker"
                raise ClusterError(f"worker '{worker}' cannot run stories: {software}", mend=mend)
            _refuse_unlike(worker, software)
        workplace: Any = Workplace
        self._client.register_plugin(workplace(), name=workplace.title())
        self._client.subscribe_topic(_topic(), self._note_cell)

    def _follow(self, run: _Run) -> None:
        """Bring one run to its end, and tell it to whoever waits."""
        try:
            run.end(self._executed(run))
        except BaseException as error:
            run.fail(error)
        finally:
            self._runs.pop(run.id, None)

    def _executed(self, run: _Run) -> Executed:
        packer, task = self._packer(run.task.root), run.task
        for is_whole in (False, True):
            began, packed = time.monotonic(), time.time_ns()
            sent = packer.pack_everything() if is_whole else packer.pack(task, self._files_of(task))
            answer = self._delivered(run, sent, packer)
            if isinstance(answer, Done) and not self._doubts(answer, task, sent, packer):
                return self._brought_home(answer, task.root, packed=packed)
            if isinstance(answer, Failed) and self._is_final(answer, task, time.monotonic() - began):
                raise _put_together(answer)
            if {one.name for one in sent}.issuperset(packer.everything()):
                break  # it had everything: only this machine can tell
        return self._here().submit(task, run.watch).result()

    def _doubts(self, answer: Done, task: Task, sent: tuple[Sent, ...], packer: Packer) -> bool:
        """Say whether a run may have seen something otherwise than it stands in this book."""
        report = answer.executed.report
        if report is None or report.get("unseen"):
            return not {one.name for one in sent}.issuperset(packer.everything())
        return bool(misfits(task.root, answer.executed, sent))

    def _is_final(self, answer: Failed, task: Task, seconds: float) -> bool:
        """Say whether a failure can have nothing to do with a file that was not sent."""
        return answer.is_death or seconds >= min(
            task.limits.cell_s, task.limits.story_s or task.limits.cell_s
        )

    def _delivered(self, run: _Run, sent: tuple[Sent, ...], packer: Packer) -> Done | Failed:
        """Send a story to any worker, and the files it has not got to that worker, until it answers."""
        parcel = Parcel(run.id, run.task, sent, self._runners, environment_here(), self._is_cold)
        worker: str | None = None
        for _ in range(_MOST_DELIVERIES):
            answer = self._ask(run, parcel, worker)
            if isinstance(answer, Done | Failed):
                return answer
            if isinstance(answer, Unlike):
                _refuse_unlike(answer.worker, answer.environment)
                continue
            worker = answer.worker
            self._hand_over(answer, packer)
        what = f"the files of '{run.task.path}' change faster than they can be sent to the cluster"
        raise StoryFailed(what, Place(run.task.path), "build again when nothing writes to the book")

    def _ask(self, run: _Run, parcel: Parcel, worker: str | None) -> Answer:
        from distributed import CancelledError, KilledWorker

        from sourcebook.runs.cluster.workplace import run_there

        place = Place(run.task.path)
        run.remote = self._client.submit(
            run_there,
            parcel,
            key=f"sourcebook-{run.task.path}-{uuid.uuid4().hex}",
            **({"workers": [worker], "allow_other_workers": True} if worker else {}),
            priority=-run.order,
            pure=False,
        )
        if run.cancelled():
            run.remote.cancel()
        try:
            answer: Answer = run.remote.result()
        except KilledWorker as error:
            what = f"every worker of the cluster that ran '{run.task.path}' died"
            raise RunnerDied(what, place, "give the workers more memory, or run it on one machine") from error
        except CancelledError as error:
            what = f"the cluster was lost while '{run.task.path}' ran"
            raise RunnerDied(what, place, "look at the scheduler's log, and build again") from error
        return answer

    def _hand_over(self, lacking: Lacking, packer: Packer) -> None:
        """Send a worker the files it has not got; two stories do not send the same one twice."""
        from sourcebook.runs.cluster.workplace import receive, still_lacking

        with self._lock:
            door = self._doors.setdefault(lacking.worker, threading.Lock())
        with door:
            absent = self._client.run(
                still_lacking, lacking.digests, workers=[lacking.worker], on_error="ignore"
            )
            contents = (packer.content(digest) for digest in absent.get(lacking.worker, ()))
            for batch in _batches(one for one in contents if one is not None):
                self._client.run(receive, batch, workers=[lacking.worker], on_error="ignore")

    def _brought_home(self, answer: Done, root: Path, *, packed: int) -> Executed:
        """Write what a story wrote elsewhere into the book, and date its run by this machine's clock.

        What changes here from the moment on when the files were packed is nothing that the story read.
        """
        for name, content in answer.outputs.items():
            target = root / name
            is_inside = target.parent.resolve().is_relative_to(root.resolve())
            if is_output_name(name) and is_inside and not _holds(target, content):
                put_down(target, content, scratch=self._scratch)
        executed = answer.executed
        return replace(executed, report={**executed.report, "began": packed} if executed.report else None)

    def _here(self) -> Pool:
        with self._lock:
            if self._local is None:
                self._local = self._runners(Orders(is_cold=self._is_cold), scratch=self._scratch)
            return self._local

    def _packer(self, root: Path) -> Packer:
        with self._lock:
            return self._packers.setdefault(root, Packer(root))

    def _note_cell(self, event: tuple[float, Mapping[str, Any]]) -> None:
        told = event[1]
        if run := self._runs.get(told["id"]):
            run.watch(told["cell"], told["cells"])

    def _stop(self, run: _Run) -> None:
        """End a run that nobody waits for any more."""
        from sourcebook.runs.cluster.workplace import stop_there

        with contextlib.suppress(Exception):  # the cluster may be gone, and the run with it
            if run.remote is not None and self._client.status == "running":
                run.remote.cancel()
                self._client.run(stop_there, run.id, on_error="ignore")


class _Run(Future[Executed]):
    """A story on its way; it can be cancelled at any time."""

    def __init__(
        self, run_id: str, task: Task, watch: Watcher, order: int, stop: Callable[[_Run], None]
    ) -> None:
        super().__init__()
        self.id, self.task, self.watch, self.order = run_id, task, watch, order
        self.remote: Any = None
        self._stop = stop

    def cancel(self) -> bool:
        """End the run, wherever it is."""
        if not super().cancel():
            return False
        with contextlib.suppress(Exception):
            self.set_running_or_notify_cancel()
        self._stop(self)
        return True

    def end(self, executed: Executed) -> None:
        """Tell what came out, unless nobody waits any more."""
        with contextlib.suppress(InvalidStateError):
            if not self.cancelled():
                self.set_result(executed)

    def fail(self, error: BaseException) -> None:
        """Tell why nothing came out, unless nobody waits any more."""
        with contextlib.suppress(InvalidStateError):
            if not self.cancelled():
                self.set_exception(error)


def _connected(address: str, reach_s: float) -> Any:
    try:
        from distributed import Client
    except ImportError as error:
        what = f"stories cannot run on '{address}': the package 'distributed' is not installed"
        raise ClusterError(what, mend='pip install "sourcebook[cluster]"') from error
    connect: Any = Client
    try:
        return connect(address, timeout=reach_s, set_as_default=False, name="sourcebook")
    except (OSError, TimeoutError, ValueError) as error:
        mend = "start a scheduler (dask scheduler), or correct the address, such as tcp://127.0.0.1:8786"
        raise ClusterError(f"no Dask scheduler answers at '{address}'", mend=mend) from error


def _topic() -> str:
    from sourcebook.runs.cluster.workplace import TOPIC

    return TOPIC


def _refuse_unlike(worker: str, software: Mapping[str, str]) -> None:
    differences = unlike(environment_here(), software)
    if differences:
        more = f", and {len(differences) - 3} more differences" if len(differences) > 3 else ""
        what = f"worker '{worker}' has other software: {'; '.join(differences[:3])}{more}"
        raise ClusterError(
            what, mend="install this book's requirements.txt on every worker, and start it again"
        )


def _put_together(failed: Failed) -> StoryFailed:
    told: dict[str, Any] = dict(failed.place)
    place = Place(**told) if told else None
    return (RunnerDied if failed.is_death else StoryFailed)(failed.what, place, failed.mend)


def _batches(contents: Iterable[bytes]) -> Iterable[list[bytes]]:
    batch: list[bytes] = []
    for one in contents:
        batch.append(one)
        if sum(map(len, batch)) > _BATCH_BYTES:
            yield batch
            batch = []
    if batch:
        yield batch


def _holds(path: Path, content: bytes) -> bool:
    try:
        return path.read_bytes() == content
    except OSError:
        return False
