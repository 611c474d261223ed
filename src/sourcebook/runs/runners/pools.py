"""Pools of runners on this machine: warm ones, forked from a nursery, and cold ones, each from nothing."""

from __future__ import annotations

import contextlib
import os
import selectors
import socket
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from itertools import count
from pathlib import Path
from typing import Any

from sourcebook.runs.orders import Orders
from sourcebook.runs.runners.flights import Flight
from sourcebook.runs.runners.nurses import Nurse, OwnNurse, borrowed
from sourcebook.runs.tasks import Executed, Pool, Task, Watcher

_NEVER_S = 3600.0


def pool_for(
    orders: Orders, *, scratch: Path, files_of: Callable[[Task], Iterable[str]] = lambda task: ()
) -> Pool:
    """Give the pool that a build asks for.

    Args:
        orders: how stories are to be run.
        scratch: folder for what runners need on disk.
        files_of: tells which files a task will probably read; for runners on other machines.
    """
    if orders.cluster:
        from sourcebook.runs.cluster import ClusterPool

        return ClusterPool(
            orders.cluster, scratch=scratch, runners=pool_for, files_of=files_of, is_cold=orders.is_cold
        )
    if orders.is_cold or sys.platform != "linux":  # elsewhere, frameworks of the system break in a fork
        return ColdPool(orders.places, scratch=scratch, threads=orders.threads)
    return WarmPool(orders.places, scratch=scratch, threads=orders.threads)


class _LocalPool:
    """Runners on this machine, watched by one thread.

    Args:
        workers: runners at one time.
        scratch: folder for what runners need on disk.
        threads: threads that numerical libraries may start in each; processors / workers when left out.
    """

    is_warm: bool

    def __init__(self, workers: int, *, scratch: Path, threads: int | None = None) -> None:
        self._workers, self._scratch = workers, scratch
        self._threads = threads or max(1, (os.cpu_count() or 1) // workers)
        self._waiting: deque[Flight] = deque()
        self._flying: dict[int, Flight] = {}
        self._nurses: list[Nurse] = []
        self._numbers, self._lock = count(1), threading.Lock()
        self._selector = selectors.DefaultSelector()
        self._bell, self._ear = socket.socketpair()
        self._bell.setblocking(False)
        self._selector.register(self._ear, selectors.EVENT_READ, None)
        self._is_closing = False
        self._is_prepared = True
        self._monitor: threading.Thread | None = None

    def submit(self, task: Task, watch: Watcher = lambda cell, cells: None) -> Future[Executed]:
        """Execute a task as soon as a runner is free; see `tasks.Pool`."""
        flight = Flight(next(self._numbers), task, watch)
        flight.future.add_done_callback(lambda future: self._ring() if future.cancelled() else None)
        with self._lock:
            if self._is_closing:
                raise RuntimeError("this pool is closed")
            self._waiting.append(flight)
        self._begin()
        return flight.future

    def prepare(self) -> None:
        """Begin to import libraries, so that the first story need not wait for all of it."""
        if self.is_warm:
            self._is_prepared = False
            self._begin()

    def close(self) -> None:
        """End every runner at once, with all its processes."""
        with self._lock:
            was_closing, self._is_closing = self._is_closing, True
        if was_closing:
            return
        self._ring()
        if self._monitor is not None:
            self._monitor.join()
        self._selector.close()
        self._bell.close()
        self._ear.close()

    def __enter__(self) -> _LocalPool:
        return self

    def __exit__(self, *told: object) -> None:
        self.close()

    def _begin(self) -> None:
        with self._lock:
            if self._monitor is None:
                self._monitor = threading.Thread(target=self._watch, name="runners", daemon=True)
                self._monitor.start()
        self._ring()

    def _ring(self) -> None:
        with contextlib.suppress(OSError):
            self._bell.send(b"!")

    # From here on, everything happens in the monitor's thread.

    def _watch(self) -> None:
        try:
            while not self._is_closing:
                self._start_flights()
                for key, _ in self._selector.select(self._patience()):
                    self._hear(key.fileobj, key.data)
                self._end_late_ones()
        finally:
            self._end_all()

    def _start_flights(self) -> None:
        while self._waiting and len(self._flying) < self._workers:
            flight = self._waiting.popleft()
            if flight.future.cancelled():
                flight.land(None)
                continue
            self._flying[flight.number] = flight
            self._listen(flight.start(self._nurse()), flight)
        if not self._is_prepared:
            self._is_prepared = True
            self._nurse()

    def _nurse(self) -> Nurse:
        """Give who begets the next runner."""
        if self.is_warm and self._nurses:
            return self._nurses[0]
        nurse = borrowed(os.environ, threads=self._threads) if self.is_warm else None
        nurse = nurse or OwnNurse(self._scratch, threads=self._threads, is_warm=self.is_warm)
        self._nurses.append(nurse)
        self._listen(nurse.door, nurse)
        return nurse

    def _listen(self, end: socket.socket, who: Flight | Nurse) -> None:
        self._selector.register(end, selectors.EVENT_READ, who)

    def _patience(self) -> float:
        deadlines = [flight.deadline for flight in self._flying.values()]
        return max(0.0, min([_NEVER_S, *(one - time.monotonic() for one in deadlines)]))

    def _hear(self, end: Any, who: Flight | Nurse | None) -> None:
        if isinstance(who, Nurse):
            self._hear_nurse(who)
        elif who is not None:
            if end.fileno() >= 0 and not who.hear():  # it may have landed since the selector woke
                self._selector.unregister(end)
        else:
            self._ear.recv(4096)
            for flight in self._flying.values():
                if flight.future.cancelled() and flight.is_alive:
                    flight.kill()

    def _hear_nurse(self, nurse: Nurse) -> None:
        for told in nurse.heard():
            if "born" in told and told["born"] in self._flying:
                self._flying[told["born"]].born()
            elif "ended" in told and told["ended"] in self._flying:
                self._land(self._flying[told["ended"]], told["status"])
        if nurse.is_gone:
            self._bury(nurse)

    def _bury(self, nurse: Nurse) -> None:
        self._selector.unregister(nurse.door)
        self._nurses.remove(nurse)
        status = nurse.bury()
        for flight in [one for one in self._flying.values() if one.nurse is nurse]:
            self._land(flight, f"its runner's parent ended, {status}")

    def _land(self, flight: Flight, status: str | int | None) -> None:
        if flight.end is not None:
            with contextlib.suppress(KeyError):  # it has hung up before
                self._selector.unregister(flight.end)
        del self._flying[flight.number]
        if not self.is_warm and flight.nurse is not None:
            flight.nurse.dismiss()
        flight.land(status)

    def _end_late_ones(self) -> None:
        now = time.monotonic()
        for flight in self._flying.values():
            if flight.deadline <= now:
                flight.expire()

    def _end_all(self) -> None:
        with self._lock:
            self._is_closing = True
        for flight in (*self._waiting, *self._flying.values()):
            flight.future.cancel()
        for nurse in self._nurses:
            nurse.dismiss()
        for nurse in self._nurses:
            nurse.bury()
        for flight in (*self._waiting, *self._flying.values()):
            flight.land(None)


class WarmPool(_LocalPool):
    """Runners forked from a process that has imported the usual libraries; each runs one story."""

    is_warm = True


class ColdPool(_LocalPool):
    """A fresh process and a Jupyter kernel of its own for each story."""

    is_warm = False
