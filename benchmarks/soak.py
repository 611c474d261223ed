"""Whether a build that is killed at any moment ever leaves a wrong page or a torn entry behind.

    .venv/bin/python benchmarks/soak.py --rounds 200

In each round all tables of a small book change, `sourcebook build` starts, and at a random moment something
is killed with SIGKILL: the whole build, one of its runners, or (every few rounds) a worker of the Dask
cluster that runs its stories. Then the book is built again to the end. Every published file must be equal to
that of a clean build of the same tables in another folder, and every entry of the store must be what its name
says. Linux only.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sourcebook.runs.store.collection import find_damaged
from sourcebook.testing import CONFIG, Book

STORIES = 3
POLL_S = 0.005


@dataclass
class Tally:
    """What a soak found."""

    rounds: int = 0
    kills: Counter[str] = field(default_factory=Counter)
    missed: Counter[str] = field(default_factory=Counter)
    stopped: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    torn: list[str] = field(default_factory=list)

    @property
    def is_good(self) -> bool:
        """Whether every build was right in the end."""
        return not (self.stopped or self.wrong or self.torn)


@dataclass
class Soak:
    """One book that is built and killed over and over.

    Attributes:
        folder: where the book and its clean builds lie.
        chance: gives the moments and the victims.
        states: of the tables; each has one clean build to be compared with.
        cluster: the Dask cluster for rounds that kill a worker, or None.
    """

    folder: Path
    chance: random.Random
    states: int
    cluster: Any = None
    tally: Tally = field(default_factory=Tally)
    clean: dict[int, dict[str, bytes]] = field(default_factory=dict)
    seconds: float = 0.0

    def round(self, kind: str) -> None:
        """Change the tables, start a build, kill something, build again, and compare."""
        state = self.chance.randrange(self.states)
        expected = self._expected(state)
        book = _book(self.folder / "soaked", state, nonce=f"{self.tally.rounds}")
        was_killed = self._build_and_kill(book, kind)
        (self.tally.kills if was_killed else self.tally.missed)[kind] += 1
        self.tally.rounds += 1
        told = f"round {self.tally.rounds} ({kind})"
        built = book.build()
        if built.code != 0:
            self.tally.stopped.append(f"{told}: {built.output}")
            return
        files = built.files()
        unlike = {name for name in files.keys() | expected.keys() if files.get(name) != expected.get(name)}
        self.tally.wrong += [f"{told}: {name}" for name in sorted(unlike)]
        self.tally.torn += [f"{told}: {path}" for path in find_damaged(book.store)]

    def _expected(self, state: int) -> dict[str, bytes]:
        """Give the files of a clean build, made once for each state of the tables."""
        if state not in self.clean:
            book = _book(self.folder / f"clean-{state}", state, nonce="clean")
            began = time.monotonic()
            built = book.build()
            assert built.code == 0, built.output
            self.seconds = time.monotonic() - began
            self.clean[state] = built.files()
        return self.clean[state]

    def _build_and_kill(self, book: Book, kind: str) -> bool:
        """Start a build, and kill at a random moment; say whether there was something to kill."""
        command = [sys.executable, "-m", "sourcebook", "build", "--book", str(book.root)]
        if kind == "worker":
            command += ["--on", self.cluster.scheduler_address]
        moment = time.monotonic() + self.chance.uniform(0, 0.9 * self.seconds)
        with subprocess.Popen(
            command,
            cwd=book.root,
            start_new_session=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        ) as build:
            while time.monotonic() < moment and build.poll() is None:
                time.sleep(POLL_S)
            was_killed = self._kill(build, kind)
        return was_killed

    def _kill(self, build: subprocess.Popen[bytes], kind: str) -> bool:
        if build.poll() is not None:
            return False
        if kind == "build":
            os.killpg(build.pid, signal.SIGKILL)
            return True
        if kind == "worker":
            victims = [worker.pid for worker in self.cluster.workers.values() if worker.pid]
            return _killed(self.chance.choice(victims)) if victims else False
        while build.poll() is None:  # the first runner may be still to come
            if victims := _runners_below(build.pid):
                return _killed(self.chance.choice(victims))
            time.sleep(POLL_S)
        return False


def soak(folder: Path, *, rounds: int, worker_every: int, seed: int, states: int = 4) -> Tally:
    """Kill so many builds, and give what was found.

    Args:
        folder: an empty folder to work in.
        rounds: how many builds to kill.
        worker_every: so many rounds from one kill of a worker to the next; 0 for none.
        seed: of the moments and victims.
        states: how many sets of tables there are.
    """
    with _cluster() if worker_every else contextlib.nullcontext() as cluster:
        made = Soak(folder, random.Random(seed), states, cluster)
        for number in range(1, rounds + 1):
            is_worker = worker_every and number % worker_every == 0
            made.round("worker" if is_worker else "build" if number % 2 else "runner")
    return made.tally


def main() -> int:
    """Soak, and print what was found."""
    arguments = _parse_arguments()
    with tempfile.TemporaryDirectory() as folder:
        tally = soak(
            Path(folder), rounds=arguments.rounds, worker_every=arguments.worker_every, seed=arguments.seed
        )
    kinds = ", ".join(f"{count} of a {kind}" for kind, count in sorted(tally.kills.items()))
    print(f"{tally.rounds} rounds, {tally.kills.total()} kills ({kinds})")
    print(f"{tally.missed.total()} builds ended before their moment came")
    print(f"{len(tally.stopped)} builds after a kill failed")
    print(f"{len(tally.wrong)} wrong files, {len(tally.torn)} torn entries")
    for line in (*tally.stopped, *tally.wrong, *tally.torn):
        print(line)
    return 0 if tally.is_good else 1


@contextlib.contextmanager
def _cluster() -> Iterator[Any]:
    """Give a cluster of two processes that answer on the loopback only."""
    from distributed import LocalCluster

    options = {"processes": True, "host": "127.0.0.1", "dashboard_address": "127.0.0.1:0"}
    with LocalCluster(n_workers=2, threads_per_worker=1, **options) as cluster:
        yield cluster


def _book(folder: Path, state: int, *, nonce: str) -> Book:
    """Write a book whose pages show the state of the tables, and whose stories also read a nonce."""
    book = Book(folder)
    book.write("_config.yml", CONFIG)
    book.write("book/index.md", "# A book\n\nA front page.\n")
    book.write_contents("book/index", *(f"book/story-{number}" for number in range(STORIES)))
    book.write("data/nonce.txt", nonce)
    for number in range(STORIES):
        book.write(f"data/table-{number}.csv", f"year,people\n2024,{1000 * (state + 1) + number}\n")
        book.write_story(
            f"book/story-{number}.ipynb",
            f"md:# Story {number}",
            "import csv, time\nfrom pathlib import Path\nnonce = Path('../data/nonce.txt').read_text()",
            f"rows = list(csv.DictReader(open('../data/table-{number}.csv')))\ntime.sleep(0.2)",
            "rows[0]['people']",
            f"made = Path('../data/made-{number}.csv').write_text(rows[0]['people'])",
            "md:There were {eval}`rows[0]['people']`.",
        )
    return book


def _runners_below(pid: int) -> list[int]:
    """Give the processes below a build that run stories, or that runners are forked from."""
    children: dict[int, list[int]] = {}
    for status in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError, ValueError, IndexError):
            child, rest = status.read_text().split(" (", 1)
            children.setdefault(int(rest.rpartition(")")[2].split()[1]), []).append(int(child))
    below, found = [pid], []
    while below:
        below = [child for one in below for child in children.get(one, ())]
        found += below
    return [one for one in found if _is_runner(one)]


def _is_runner(pid: int) -> bool:
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False
    return any(word in command for word in (b"sourcebook.runs", b"sourcebook.tracing", b"ipykernel"))


def _killed(pid: int) -> bool:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return False
    return True


def _parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--worker-every", type=int, default=5, help="0 kills no worker")
    parser.add_argument("--seed", type=int, default=4)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
