"""What Sphinx must remember between builds: which page defines, shows and uses which fact and figure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

from sphinx.domains import Domain

from sourcebook.errors import BookError, BuildFailed, FactError, FigureError, Place, UnknownFact, nearest
from sourcebook.facts import Fact, parse_fact, read_facts
from sourcebook.pages.drawings import drawing_key
from sourcebook.pages.fragments import digest_of_json
from sourcebook.pages.nodes import fact_node
from sourcebook.pages.problems import book_problem
from sourcebook.pages.settings import settings_of

if TYPE_CHECKING:
    from docutils import nodes
    from sphinx.addnodes import pending_xref
    from sphinx.application import Sphinx
    from sphinx.builders import Builder
    from sphinx.environment import BuildEnvironment


def setup(app: Sphinx) -> None:
    """Register the domain and have it checked in every build."""
    app.add_domain(BookDomain)
    app.connect("env-check-consistency", _check_consistency)


def domain_of(env: BuildEnvironment) -> BookDomain:
    """Give the book's own domain."""
    return cast("BookDomain", env.get_domain(BookDomain.name))


@dataclass(frozen=True)
class Page:
    """One entry of the contents: chapters are numbered, text pages are not."""

    docname: str
    title: str
    number: int | None


class BookDomain(Domain):
    """Facts, figures and the list of sources, by the page that holds them."""

    name = "sourcebook"
    label = "Sourcebook"
    data_version = 2
    initial_data: dict[str, Any] = {  # noqa: RUF012 - Sphinx copies it for every environment
        "derived": {},
        "shown": {},
        "used": {},
        "figures": {},
        "lists": {},
        "digests": {},
        "loose": {},
        "stories": (),
    }
    contents: tuple[Page, ...] | None = None  # found when first asked for, once all pages are read
    places: dict[str, int] | None = None

    def note_derived(self, docname: str, told: dict[str, Any]) -> None:
        """Remember a fact that a story derives."""
        self._forget()
        self._of("derived", docname)[told["id"]] = told

    def note_shown(self, docname: str, told: dict[str, Any]) -> None:
        """Remember a fact that a page's prose shows."""
        self._of("shown", docname)[told["id"] or told["formula"]] = told

    def note_used(self, docname: str, fact_id: str, line: int) -> None:
        """Remember that a page takes a fact by its id."""
        self._of("used", docname).setdefault(fact_id, line)

    def note_figure(self, docname: str, told: dict[str, Any]) -> None:
        """Remember a figure, and digests of it that later builds need not take again."""
        own = {"digest": digest_of_json(told), "drawing": drawing_key(told)}
        self._of("figures", docname)[told["id"]] = {**told, **own}

    def note_list(self, docname: str) -> None:
        """Remember that a page lists the sources."""
        self.data["lists"][docname] = True

    def _of(self, kind: str, docname: str) -> dict[str, Any]:
        held: dict[str, Any] = self.data[kind].setdefault(docname, {})
        return held

    @property
    def sources_page(self) -> str | None:
        """The page that lists the sources, if the book has one."""
        return min(self.data["lists"], default=None)

    @cached_property
    def derived(self) -> dict[str, Fact]:
        """Every fact that a story derives, by id."""
        return {
            told["id"]: parse_fact(told) for held in self.data["derived"].values() for told in held.values()
        }

    def _forget(self) -> None:
        """Forget what was gathered from the pages: one of them changes."""
        self.contents = self.places = None
        self.__dict__.pop("derived", None)

    @cached_property
    def recorded(self) -> dict[str, Fact]:
        """Every fact that `data/facts.csv` records, by id, as it was when the build first asked."""
        return read_facts(settings_of(self.env.app).root)

    def find_fact(self, fact_id: str) -> Fact | None:
        """Give the fact of that id, recorded or derived, or None."""
        return self.recorded.get(fact_id) or self.derived.get(fact_id)

    def shown(self, docname: str) -> list[Fact]:
        """Give the facts that a page's prose shows or takes by id."""
        own = [parse_fact(told) for told in self.data["shown"].get(docname, {}).values()]
        taken = [self.find_fact(fact_id) for fact_id in self.data["used"].get(docname, {})]
        return [*own, *(one for one in taken if one is not None)]

    def is_on(self, docname: str) -> bool:
        """Say whether a page shows anything of ours: a number, a figure, the list of sources."""
        return any(self.data[kind].get(docname) for kind in ("shown", "used", "figures", "lists"))

    def figures(self) -> list[tuple[str, dict[str, Any]]]:
        """Give every figure of the book as (page, its JSON)."""
        return [
            (docname, told)
            for docname, held in sorted(self.data["figures"].items())
            for told in held.values()
        ]

    def clear_doc(self, docname: str) -> None:
        """Forget a page that will be read again."""
        self._forget()
        for kind in ("derived", "shown", "used", "figures", "lists"):
            self.data[kind].pop(docname, None)

    def merge_domaindata(self, docnames: Iterable[str], otherdata: dict[str, Any]) -> None:
        """Take over what another worker read."""
        self._forget()
        for kind in ("derived", "shown", "used", "figures", "lists"):
            self.data[kind] |= {name: otherdata[kind][name] for name in docnames if name in otherdata[kind]}

    def resolve_xref(
        self,
        env: BuildEnvironment,
        fromdocname: str,
        builder: Builder,
        typ: str,
        target: str,
        node: pending_xref,
        contnode: nodes.Element,
    ) -> nodes.reference | None:
        """Put a fact where a page takes it by id."""
        found = self.find_fact(target) if typ == "fact" else None
        return None if found is None else cast("nodes.reference", fact_node(found))


def _check_consistency(app: Sphinx, env: BuildEnvironment) -> None:
    """Stop before any page is written if a fact is unknown, or an id stands for two things."""
    problems = [*_unknown_facts(env), *_double_ids(env, "derived"), *_double_ids(env, "figures")]
    if problems:
        raise book_problem(BuildFailed(problems))


def _unknown_facts(env: BuildEnvironment) -> list[BookError]:
    domain = domain_of(env)
    known = {*domain.recorded, *domain.derived}
    return [
        UnknownFact(f"unknown fact '{fact_id}'", _place(env, docname, line), nearest(fact_id, known))
        for docname, used in sorted(domain.data["used"].items())
        for fact_id, line in used.items()
        if fact_id not in known
    ]


def _double_ids(env: BuildEnvironment, kind: str) -> list[BookError]:
    domain = domain_of(env)
    error, word = (FactError, "fact") if kind == "derived" else (FigureError, "figure")
    homes: dict[str, str] = dict.fromkeys(domain.recorded, "data/facts.csv") if kind == "derived" else {}
    problems: list[BookError] = []
    for docname, held in sorted(domain.data[kind].items()):
        path = _place(env, docname).path
        for name in held:
            if name in homes:
                mend = "give one of them another id"
                problems.append(
                    error(f"the {word} '{name}' stands in '{homes[name]}' too", Place(path), mend)
                )
            homes.setdefault(name, path)
    return problems


def _place(env: BuildEnvironment, docname: str, line: int | None = None) -> Place:
    """Say where a line of a document is; MyST-NB counts ten thousand lines a cell in notebooks, from 2."""
    path = env.doc2path(docname, base=False)
    if line is None or not path.endswith(".ipynb"):
        return Place(path, line=line)
    return Place(path, cell=line // 10_000, line=line % 10_000 - 1)
