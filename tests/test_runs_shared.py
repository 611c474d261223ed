"""The far layer of the store: machines reuse each other's runs, and nothing that is wrong comes near."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import fsspec
import pytest
from kept_runs import KEY, OTHER_KEY, run_of

from sourcebook import tracing
from sourcebook.runs.store import Run, Store, told_run
from sourcebook.runs.store.shared import FarError, Shared


@pytest.fixture(params=["file", "memory"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Give the address of an empty shared store."""
    return f"file://{tmp_path}/far away" if request.param == "file" else f"memory://{uuid.uuid4().hex}/runs"


class Machines:
    """Machines with a near store and a book each, and one far store for all."""

    def __init__(self, folder: Path, address: str) -> None:
        self.folder, self.address = folder, address
        self.told: list[str] = []
        self._open: list[Shared] = []

    def store(self, name: str, *, timeout_s: float = 10) -> Store:
        """Give the store of one machine."""
        shared = Shared(self.address, tell=self.told.append, timeout_s=timeout_s)
        self._open.append(shared)
        return Store(self.folder / name / "store", shared)

    def root(self, name: str) -> Path:
        """Give the book's folder on one machine."""
        root = self.folder / name / "book"
        (root / "data").mkdir(parents=True, exist_ok=True)
        (root / "data" / "a.csv").write_text("year,people\n2024,7\n")
        return root

    def share(self, word: str = "first", *, key: str = KEY, made: str | None = None) -> Run:
        """Have one machine run a story, and share the run."""
        store, root = self.store("one"), self.root("one")
        if made is not None:
            (root / "data" / "made.csv").write_text(made)
        inputs = {"data/a.csv": tracing.digest_of(root, "data/a.csv")}
        run = run_of(word, inputs=inputs, made=root / "data" / "made.csv" if made else None)
        store.keep(key, run, root=root)
        assert store.shared is not None
        store.shared.finish()
        return run

    def far(self, pattern: str) -> list[str]:
        """Give the far objects whose path matches."""
        disk, folder = fsspec.url_to_fs(self.address)
        return [str(one) for one in disk.glob(f"{folder}/{pattern}")]

    def write(self, path: str, content: bytes) -> None:
        """Change the far store behind everybody's back."""
        fsspec.url_to_fs(self.address)[0].pipe_file(path, content)

    def read(self, path: str) -> bytes:
        """Read an object of the far store."""
        return bytes(fsspec.url_to_fs(self.address)[0].cat_file(path))

    def close(self) -> None:
        """Leave nothing behind."""
        for shared in self._open:
            shared.close()


@pytest.fixture
def machines(tmp_path: Path, address: str) -> Iterator[Machines]:
    """Give machines that share an empty store."""
    made = Machines(tmp_path, address)
    yield made
    made.close()


def test_run_of_one_machine_is_fetched_by_another(machines: Machines) -> None:
    """What CI has run need not be run again by a colleague, and is near from then on."""
    run = machines.share(made="year,people\n2024,8\n")
    other, root = machines.store("other"), machines.root("other")

    before = other.runs_of(KEY)
    other.fetch([KEY], root)
    restored = other.restore(run, root)

    assert before == ()
    assert Store(other.folder).runs_of(KEY) == (run,)
    assert other.notebook(run).cells[0].source == "'first'"
    assert restored == ("data/made.csv",)
    assert (root / "data" / "made.csv").read_text() == "year,people\n2024,8\n"
    assert machines.told == []


def test_run_that_read_other_data_is_left_where_it_is(machines: Machines) -> None:
    """Only a run that fits this machine's data comes near."""
    machines.share()
    other, root = machines.store("other"), machines.root("other")
    (root / "data" / "a.csv").write_text("year,people\n2024,8\n")

    other.fetch([KEY, OTHER_KEY], root)

    assert other.runs_of(KEY) == ()
    assert list(other.folder.rglob("*.ipynb")) == []


def test_machines_keep_runs_of_one_story_without_conflict(machines: Machines) -> None:
    """Runs over different data stand side by side; whoever has the data finds the run."""
    machines.share("first")
    two, root = machines.store("two"), machines.root("two")
    (root / "data" / "a.csv").write_text("year,people\n2024,8\n")
    second = run_of("second", inputs={"data/a.csv": tracing.digest_of(root, "data/a.csv")})
    two.keep(KEY, second, root=root)
    assert two.shared is not None
    two.shared.finish()
    other = machines.store("other")

    other.fetch([KEY], root)

    assert other.runs_of(KEY) == (second,)
    assert len(machines.far(f"runs/{KEY}/*.json")) == 2


def test_near_run_is_not_asked_for_afar(tmp_path: Path) -> None:
    """A build in which nothing changed does not wait for a network."""
    (tmp_path / "far").write_text("a file where a folder is wanted")
    machines = Machines(tmp_path, f"file://{tmp_path}/far/runs")
    store, root = machines.store("one"), machines.root("one")
    inputs = {"data/a.csv": tracing.digest_of(root, "data/a.csv")}
    Store(store.folder).keep(KEY, run_of("first", inputs=inputs))

    store.fetch([KEY], root)
    machines.close()

    assert machines.told == []


def test_run_of_data_that_changed_meanwhile_is_not_shared(machines: Machines) -> None:
    """A run that can never be fresh again is of no use to anybody else."""
    store, root = machines.store("one"), machines.root("one")

    store.keep(KEY, run_of("first", inputs={"data/a.csv": tracing.UNSTABLE}), root=root)
    assert store.shared is not None
    store.shared.finish()

    assert machines.far("**/*.json") == []
    assert len(store.runs_of(KEY)) == 1


@pytest.mark.parametrize("what", ["notebooks/*/*.ipynb", "files/*/*", "runs/*/*.json"])
@pytest.mark.parametrize("harm", ["torn", "empty", "poisoned"])
def test_object_that_is_not_what_its_name_says_is_refused(machines: Machines, what: str, harm: str) -> None:
    """A torn or exchanged object never comes near: the story runs."""
    machines.share(made="year,people\n2024,8\n")
    (path,) = machines.far(what)
    content = machines.read(path)
    harmed = {"torn": content[:-3], "empty": b"", "poisoned": content.replace(b"2024", b"1999") + b" "}
    machines.write(path, harmed[harm])
    other, root = machines.store("other"), machines.root("other")

    other.fetch([KEY], root)

    assert other.runs_of(KEY) == ()
    assert machines.told == []


def test_refused_object_is_mended_by_the_next_run(machines: Machines) -> None:
    """A damaged shared store heals: who ran the story because of it writes the object again."""
    run = machines.share()
    (path,) = machines.far("notebooks/*/*.ipynb")
    whole = machines.read(path)
    machines.write(path, whole.replace(b"first", b"fault"))
    other, root = machines.store("other"), machines.root("other")

    other.fetch([KEY], root)
    other.keep(KEY, run, root=root)
    assert other.shared is not None
    other.shared.finish()

    assert machines.read(path) == whole


def test_manifest_under_a_foreign_key_is_refused(machines: Machines) -> None:
    """A run that was moved to another story's place is not that story's."""
    machines.share()
    (path,) = machines.far(f"runs/{KEY}/*.json")
    folder = path.replace(KEY, OTHER_KEY).rpartition("/")[0]
    fsspec.url_to_fs(machines.address)[0].makedirs(folder, exist_ok=True)
    machines.write(path.replace(KEY, OTHER_KEY), machines.read(path))
    other, root = machines.store("other"), machines.root("other")

    other.fetch([OTHER_KEY], root)

    assert other.runs_of(OTHER_KEY) == ()


@pytest.mark.parametrize(
    "change",
    [
        {"notebook": "../../../../planted"},
        {"outputs": {"../planted.csv": ""}},
        {"outputs": {"data/../../planted.csv": ""}},
        {"outputs": {".git/hooks/planted": ""}},
        {"outputs": {"/tmp/planted": ""}},
    ],
)
def test_manifest_that_points_outside_is_refused(machines: Machines, change: dict[str, object]) -> None:
    """Whoever can write to the far store can write nowhere else on this machine."""
    run = machines.share(made="planted")
    (digest,) = run.outputs.values()
    told = {**told_run(run), **change, "key": KEY}
    if "outputs" in change:
        told["outputs"] = dict.fromkeys(told["outputs"], digest)
    poison = json.dumps(told).encode()
    (path,) = machines.far(f"runs/{KEY}/*.json")
    fsspec.url_to_fs(machines.address)[0].rm(path)
    machines.write(f"{path.rpartition('/')[0]}/{tracing.digest_of_bytes(poison)}.json", poison)
    other, root = machines.store("other"), machines.root("other")

    other.fetch([KEY], root)

    assert other.runs_of(KEY) == ()
    assert list((machines.folder / "other").rglob("planted*")) == []


def test_failing_far_store_is_told_once_and_the_build_goes_on(tmp_path: Path) -> None:
    """A shared store is a favour: without it everything is kept near, and an author hears of it once."""
    (tmp_path / "far").write_text("a file where a folder is wanted")
    machines = Machines(tmp_path, f"file://{tmp_path}/far/runs")
    store, root = machines.store("one"), machines.root("one")

    store.fetch([KEY, OTHER_KEY], root)
    for key in (KEY, OTHER_KEY):
        store.keep(key, run_of("first"), root=root)
    machines.close()

    assert store.runs_of(KEY) == store.runs_of(OTHER_KEY) == (run_of("first"),)
    (told,) = machines.told
    assert told.startswith(f"the shared store '{machines.address}' fails, and the build goes on without it: ")


class SlowDisk(fsspec.AbstractFileSystem):
    """A far store that answers after minutes."""

    protocol = "slow"

    def ls(self, path: str, detail: bool = True, **more: object) -> list[object]:
        time.sleep(60)
        return []


def test_far_store_that_does_not_answer_is_left_alone(tmp_path: Path) -> None:
    """A build never hangs on a network: it waits for one answer, in bounded time, and for no other."""
    fsspec.register_implementation("slow", SlowDisk, clobber=True)
    machines = Machines(tmp_path, "slow://runs")
    store, root = machines.store("one", timeout_s=0.2), machines.root("one")

    began = time.monotonic()
    store.fetch([f"{number:064x}" for number in range(40)], root)
    store.keep(KEY, run_of("first"), root=root)
    machines.close()

    assert time.monotonic() - began < 5
    assert len(machines.told) == 1
    assert "no answer within 0.2 seconds" in machines.told[0]


@pytest.mark.parametrize(
    ("address", "mend"),
    [("s3://bucket/runs", "pip install s3fs"), ("gs://bucket/runs", "pip install gcsfs")],
)
def test_missing_driver_is_named(address: str, mend: str) -> None:
    """Who asks for a bucket learns which package speaks to it."""
    if find_spec(mend.split()[-1]):
        pytest.skip("the package is installed")

    with pytest.raises(FarError) as failed:
        Shared(address)

    assert failed.value.mend == mend


def test_unknown_address_is_told() -> None:
    """A misspelt address is an error before anything runs."""
    with pytest.raises(FarError) as failed:
        Shared("nowhere://bucket/runs")

    assert "nowhere://bucket/runs" in failed.value.what
    assert "s3://" in failed.value.mend
