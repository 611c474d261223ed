"""Bringing stories up to date: those that are stale run, and every executed twin is laid out for pages."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from sourcebook import tracing
from sourcebook.errors import BookError, BuildFailed, Finding, Place
from sourcebook.runs.handoffs import HandOff, find_hand_offs, refuse_cycles, waits_of
from sourcebook.runs.keys import Keyed, Surroundings, keyed
from sourcebook.runs.laying import lay_out
from sourcebook.runs.orders import Orders, Outcome
from sourcebook.runs.reasons import Reason
from sourcebook.runs.schedule import Progress, Result, Schedule, Silent
from sourcebook.runs.standing import Standing, note_choice, standing_of, standings_of
from sourcebook.runs.store import Run, RunGone, Store
from sourcebook.runs.tasks import Executed, Limits, Pool, RunnerKind, Task
from sourcebook.stories import find_code, read_story

_DEFAULT = Orders()
_MOST_WAVES = 10  # a chain of hand-offs that nobody has seen before takes one wave for each link


def bring_up_to_date(
    root: Path,
    paths: Iterable[str],
    *,
    store: Store,
    orders: Orders = _DEFAULT,
    tell: Callable[[Outcome], None] = lambda outcome: None,
    progress: Progress | None = None,
    pool: Pool | None = None,
) -> tuple[Outcome, ...]:
    """Run the stories that are stale, fetch the runs of the others, and lay out all executed twins.

    Args:
        root: the book's folder.
        paths: notebooks, relative to it.
        store: where runs are kept.
        orders: how stories are to be run.
        tell: called with each outcome as soon as it is known.
        progress: told of every cell that begins.
        pool: the door to runners; what `orders` ask for when left out.

    Returns:
        One outcome per story, in the order of `paths`.

    Raises:
        StoryError: a notebook cannot be read.
        BuildFailed: stories failed; the runs of the others are kept.
    """
    paths = list(paths)
    for is_last in (False, True):
        update = _Update(root, store, orders, tell, progress or Silent(), pool)
        outcomes = update.bring(paths)
        failed = {path for path, one in outcomes.items() if one.problem}
        if failed and not orders.keeps_going:
            raise BuildFailed([one.problem for one in outcomes.values() if one.problem])
        try:
            lay_out(root, list(update.standings.values()), store=store, failed=failed)
            break
        except RunGone:  # a kept run turned out to be damaged: its story runs now
            if is_last:
                raise
    return tuple(outcomes[path] for path in paths)


@dataclass
class _Update:
    """One bringing up to date, under way."""

    root: Path
    store: Store
    orders: Orders
    tell: Callable[[Outcome], None]
    progress: Progress
    pool: Pool | None
    standings: dict[str, Standing] = field(default_factory=dict)
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    _why: dict[str, tuple[Reason, ...]] = field(default_factory=dict)
    _begun: dict[str, tuple[Keyed, str]] = field(default_factory=dict)
    _pools: list[Pool] = field(default_factory=list)
    _written: dict[str, str] = field(default_factory=dict)
    _unsettled: set[str] = field(default_factory=set)

    def bring(self, paths: Sequence[str]) -> dict[str, Outcome]:
        """Bring stories up to date, and give what became of each."""
        forced = self.orders.is_forced
        drawn = self.orders.draws_bare_charts
        note_choice(self.store, draws_bare_charts=drawn)
        self.standings = standings_of(
            self.root, paths, store=self.store, forced=forced, draws_bare_charts=drawn
        )
        try:
            self._run()
        finally:
            for pool in self._pools:
                pool.close()
        return self.outcomes

    def _run(self) -> None:
        """Run what is stale; then what became stale by that, until nothing is."""
        for path, one in self.standings.items():
            self._why[path] = one.reasons
            if one.is_fresh and one.run is not None:
                self.store.restore(one.run, self.root)
                self._end(Outcome(path, (), findings=_findings_of(one.run, path)))
        stale = [path for path, one in self.standings.items() if not one.is_fresh]
        for _ in range(_MOST_WAVES):
            if not stale:
                break
            stale = self._run_wave(stale)
        else:
            raise BuildFailed([_unsettled(stale)])
        for outcome in self.outcomes.values():
            if outcome.problem:
                self.tell(outcome)

    def _run_wave(self, stale: Sequence[str]) -> list[str]:
        """Run stories, and give those that must run after them."""
        self._written = {}
        self.progress.planned(len(stale))
        order = sorted(stale, key=lambda path: -_seconds_of(self.store.last(path)))
        hand_offs = find_hand_offs(self._runs())
        schedule = Schedule(self._pool(), self._cold_pool, self._keep, self.progress)
        schedule.run([self._task(path) for path in order], waits=waits_of(hand_offs, stale))
        hand_offs = find_hand_offs(self._runs())
        with_problem = {path for path, one in self.outcomes.items() if one.problem}
        refuse_cycles(hand_offs)
        again = {one.reader for one in hand_offs if self._is_outrun(one)}
        again |= {path for path in with_problem if self._written}
        again |= self._unsettled_readers(stale)
        for path in again:
            now = standing_of(self.standings[path].story, self.root, store=self.store)
            self._why[path] = now.reasons or self._why[path]
        return [path for path in self.standings if path in again]

    def _unsettled_readers(self, ran: Iterable[str]) -> set[str]:
        """Find stories whose input changed while they read it; each is given one more run in a build."""
        unsettled = {
            path
            for path in ran
            if (run := self.standings[path].run) is not None and tracing.UNSTABLE in run.inputs.values()
        }
        first = unsettled - self._unsettled
        self._unsettled |= first
        return first

    def _is_outrun(self, hand_off: HandOff) -> bool:
        """Say whether a file that was written in this wave is not what its reader has read."""
        run = self.standings[hand_off.reader].run
        return hand_off.file in self._written and run is not None and not run.is_fresh(self.root)

    def _runs(self) -> dict[str, Run]:
        return {path: one.run for path, one in self.standings.items() if one.run is not None}

    def _task(self, path: str) -> Task:
        story, text = self._present(path)
        self._begun[path] = (story, text)
        asked = story.settings
        is_kernel = asked.runner == "kernel" or story.language != "python"
        limits = Limits(
            cell_s=asked.timeout or self.orders.timeout_s,
            story_s=asked.story_timeout or self.orders.story_timeout_s,
            memory_bytes=self.orders.memory_bytes,
            threads=self.orders.threads,
        )
        kind: RunnerKind = "kernel" if is_kernel else "warm"
        drawn = self.orders.draws_bare_charts
        return Task(
            self.root,
            path,
            text=text,
            kind=kind,
            network=asked.network,
            limits=limits,
            draws_bare_charts=drawn,
        )

    def _present(self, path: str) -> tuple[Keyed, str]:
        """Give a story as it is now, which may be another than a moment ago, and its text."""
        looked_at = self.standings[path].story
        with suppress(OSError, UnicodeDecodeError):
            text = (self.root / path).read_text(encoding="utf-8")
            if tracing.digest_of_bytes(text.encode()) == looked_at.text:
                return looked_at, text
        story = read_story(self.root, path)
        surroundings = Surroundings(looked_at.parts["environment"], self.orders.draws_bare_charts)
        return keyed(story, surroundings), story.text

    def _pool(self) -> Pool:
        if self.pool is None:
            from sourcebook.runs.runners.pools import pool_for

            self.pool = pool_for(self.orders, scratch=self.store.folder, files_of=self._files_of)
            self._pools.append(self.pool)
        return self.pool

    def _cold_pool(self) -> Pool | None:
        """Give the pool of the last resort; none where runners are not ours."""
        if self.pool not in self._pools:
            return None
        if len(self._pools) == 1:
            from sourcebook.runs.runners.pools import ColdPool

            self._pools.append(ColdPool(self.orders.places, scratch=self.store.folder))
        return self._pools[1]

    def _files_of(self, task: Task) -> Iterable[str]:
        run = self.store.last(task.path)
        return run.inputs if run else ()

    def _keep(self, path: str, result: Result) -> None:
        """Keep a run, or note why there is none."""
        standing = self.standings[path]
        if isinstance(result, BookError):
            self.outcomes[path] = Outcome(path, self._why[path], problem=result)
            return
        now, text = self._begun[path]
        run = _run_of(self.root, now, text, result)
        findings = (*_findings_of(run, path), *self._unlike(now, run))
        for name, digest in run.outputs.items():
            if standing.run is None or standing.run.outputs.get(name) != digest:
                self._written[name] = digest
        self.store.keep(now.key, run, root=self.root)
        self.standings[path] = Standing(now, (), run)
        self._end(Outcome(path, self._why[path], result.seconds, findings=findings))

    def _unlike(self, story: Keyed, run: Run) -> Iterable[Finding]:
        """Find that equal inputs gave other outputs than the last time."""
        if not self.orders.is_forced:
            return
        for other in self.store.runs_of(story.key):
            if other.inputs == run.inputs and other.notebook != run.notebook:
                yield Finding(
                    "unlike-last-run",
                    f"'{story.path}' gave other outputs than its last run, from equal inputs",
                    Place(story.path),
                    "look for random numbers without a seed, times, and sets whose order is shown",
                )
                return

    def _end(self, outcome: Outcome) -> None:
        self.outcomes[outcome.path] = outcome
        self.tell(outcome)


def _run_of(root: Path, story: Keyed, text: str, result: Executed) -> Run:
    from sourcebook.runs.discovery import clock_uses, inputs_of

    found = inputs_of(root, result.report, declared=story.settings.inputs)
    modules = [root / name for name in found.inputs if name.endswith(".py")]
    asked = clock_uses(find_code(text), modules) if story.language == "python" else ()
    return Run(
        notebook=tracing.digest_of_bytes(result.text.encode()),
        inputs=found.inputs,
        unseen=found.unseen,
        parts=story.parts,
        text=result.text,
        outputs=found.outputs,
        network=found.network,
        clock=tuple(str(one) for one in asked),
        rule=found.rule,
        seconds=round(result.seconds, 3),
    )


def _findings_of(run: Run, path: str) -> tuple[Finding, ...]:
    """Find what keeps a run from being kept faithfully."""
    network = f"'{path}' asked the network ({', '.join(run.network[:3])})"
    clock = f"'{path}' asks the clock ({'; '.join(run.clock[:3])})"
    asked = [
        Finding(code, f"{what}, and so its run cannot be kept faithfully", Place(path), mend)
        for code, what, mend, is_so in (
            (
                "network",
                network,
                "load the data with a script that writes to data/, and read it there",
                run.network,
            ),
            ("clock", clock, "take the date from the data, or write it down as a fact", run.clock),
        )
        if is_so
    ]
    unstable = [
        Finding(
            "unstable-input",
            f"'{path}' reads '{name}' while it is being changed, and so it runs in every build",
            Place(path),
            "read from one file and write to another",
        )
        for name, digest in run.inputs.items()
        if digest == tracing.UNSTABLE
    ]
    return (*asked, *unstable)


def _seconds_of(run: Run | None) -> float:
    """Give how long a story took; one that never ran may take longest."""
    return run.seconds if run and run.seconds else float("inf")


def _unsettled(stale: Sequence[str]) -> BookError:
    return BookError(
        f"{len(stale)} stories change what each other reads, over and over: {', '.join(stale[:5])}",
        Place(stale[0]),
        "let each file be written by one story, and give random numbers a seed",
    )
