"""The plugin through which MyST-NB hands our outputs over: facts and figures, by MIME type."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, ClassVar, cast

from docutils import nodes

from sourcebook.facts import DEFINITION, FACT_MIME, parse_fact
from sourcebook.figures import FIGURE_MIME

if TYPE_CHECKING:
    from myst_nb.core.render import MimeData, NbElementRenderer
    from sphinx.environment import BuildEnvironment


_NO_LETTER = re.compile(r"[^a-z0-9]+")


class SourcebookOutputs:
    """Renders facts and figures as nodes; where the extension is switched off, as nothing.

    With no node for our type, MyST-NB falls back to the next one in the bundle: the chart
    library's own output, or a fact's plain words.
    """

    mime_priority_overrides: ClassVar[list[tuple[str, str, int | None]]] = [
        ("*", FIGURE_MIME, 1),
        ("*", FACT_MIME, 1),
    ]

    @staticmethod
    def handle_mime(renderer: NbElementRenderer, data: MimeData, inline: bool) -> list[nodes.Element] | None:
        """Give the nodes for one output, or None if it is not ours."""
        if data.mime_type not in {FACT_MIME, FIGURE_MIME}:
            return None
        env = getattr(renderer.renderer, "sphinx_env", None)
        if env is None or "sourcebook" not in env.domaindata:
            return []
        told = cast("dict[str, Any]", data.content)
        if data.mime_type == FIGURE_MIME:
            return _figure(env, told, cell=(data.cell_index or 0) + 1, output=(data.output_index or 0) + 1)
        return _fact(env, told, defines=bool(data.output_metadata.get(DEFINITION)))


def _figure(env: BuildEnvironment, told: dict[str, Any], *, cell: int, output: int) -> list[nodes.Element]:
    from sourcebook.pages.domain import domain_of
    from sourcebook.pages.nodes import figure_node

    identity = _plain_id(env.docname, cell, output) if told.get("is_plain") else told["id"]
    told = {**told, "id": identity, "cell": cell}
    domain_of(env).note_figure(env.docname, told)
    return [figure_node(told)]


def _plain_id(docname: str, cell: int, output: int) -> str:
    """Name a chart that nobody named by its place: equal charts may stand in two stories."""
    return f"chart-{_NO_LETTER.sub('-', docname.lower()).strip('-')}-{cell}-{output}"


def _fact(env: BuildEnvironment, told: dict[str, Any], *, defines: bool) -> list[nodes.Element]:
    from sourcebook.pages.domain import domain_of
    from sourcebook.pages.nodes import fact_definition, fact_node

    if defines:
        domain_of(env).note_derived(env.docname, told)
        return [fact_definition()]
    domain_of(env).note_shown(env.docname, told)
    return [nodes.paragraph("", "", fact_node(parse_fact(told)))]
