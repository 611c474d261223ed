"""What reaches deeper than the public API of Sphinx and MyST-NB, with the condition for its removal."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from docutils import nodes
from sphinx.util.matching import Matcher, patmatch

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.config import Config
    from sphinx.environment import BuildEnvironment
    from sphinx.util.docutils import SphinxRole

_ONLY_LISTED = "external_toc_exclude_missing"
_THEBE_SCRIPT = re.compile(r"<script>kernelName = '[^'<]*'</script>")


def without_thebe(body: str) -> str:
    """Take out the inline script that sphinx-thebe leaves in every notebook page, used or not.

    Our content policy refuses inline scripts. To be removed once Jupyter Book loads sphinx-thebe only
    for books with live code: https://github.com/executablebooks/sphinx-thebe/issues
    """
    return _THEBE_SCRIPT.sub("", body)


def leave_out_quickly(app: Sphinx) -> None:
    """Do what `only_build_toc_files` asks for without looking through the folders that are left out anyway.

    sphinx-external-toc globs the whole book for each suffix, the built site included. To be removed once
    it passes excluded folders by: https://github.com/executablebooks/sphinx-external-toc/issues
    """
    asked: list[bool] = []

    def before(app: Sphinx, config: Config) -> None:
        asked.append(bool(getattr(config, _ONLY_LISTED, False)))
        if asked[-1]:
            config[_ONLY_LISTED] = False

    def after(app: Sphinx, config: Config) -> None:
        if asked.pop():
            config[_ONLY_LISTED] = True
            config.exclude_patterns = [*config.exclude_patterns, *_unlisted(app, config)]

    app.connect("config-inited", before, priority=100)
    app.connect("config-inited", after, priority=950)


def number_figures_only_where_there_are_some(app: Sphinx) -> None:
    """Spare a book without numbered figures and tables the reading of all its pages in every build.

    Sphinx walks through every document to number what it finds. We keep in mind which documents hold
    something to number; while none does, there is nothing to walk for. To be removed once Sphinx does so:
    https://github.com/sphinx-doc/sphinx/blob/master/sphinx/environment/collectors/toctree.py
    """
    spared: list[bool] = []

    def note(app: Sphinx, doctree: nodes.document) -> None:
        found = any(
            domain.get_enumerable_node_type(node) and (domain.name != "std" or domain.get_numfig_title(node))  # type: ignore[attr-defined]
            for node in doctree.findall(nodes.Element)
            for domain in app.env.domains.values()
        )
        _numbered(app.env)[app.env.docname] = found

    def merge(app: Sphinx, env: BuildEnvironment, docnames: Iterable[str], other: BuildEnvironment) -> None:
        _numbered(env).update({name: told for name, told in _numbered(other).items() if name in docnames})

    def before(app: Sphinx, env: BuildEnvironment) -> list[str]:
        is_needless = not any(_numbered(env).get(name, True) for name in env.found_docs)
        spared.append(is_needless and bool(env.config.numfig))
        if spared[-1]:
            env.config.numfig = False
        return []

    def after(app: Sphinx, env: BuildEnvironment) -> list[str]:
        if spared.pop():
            env.config.numfig = True
        return []

    app.connect("doctree-read", note, priority=2000)
    app.connect("env-purge-doc", lambda app, env, docname: _numbered(env).pop(docname, None))
    app.connect("env-merge-info", merge)
    app.connect("env-get-updated", before, priority=1)
    app.connect("env-get-updated", after, priority=2000)


def _numbered(env: BuildEnvironment) -> dict[str, bool]:
    """Give, by document, whether it holds something that Sphinx may number."""
    held: dict[str, bool] = env.__dict__.setdefault("sourcebook_numbered", {})
    return held


def _unlisted(app: Sphinx, config: Config) -> Iterator[str]:
    """Give the documents that the table of contents does not name."""
    listed, top, is_excluded = config.external_site_map, Path(app.srcdir), Matcher(config.exclude_patterns)
    for folder, folders, names in os.walk(top, followlinks=True):
        here = Path(folder).relative_to(top)
        folders[:] = [
            name for name in sorted(folders) if name[0] != "." and not is_excluded((here / name).as_posix())
        ]
        for path in ((here / name).as_posix() for name in sorted(names) if name[0] != "."):
            for suffix in (one for one in config.source_suffix if path.endswith(one)):
                docname = path.removesuffix(suffix)
                is_named = path in listed or docname in listed
                if not (
                    is_named or is_excluded(path) or any(patmatch(docname, one) for one in listed.globs())
                ):
                    yield path


def evaluated_by_myst_nb(role: SphinxRole) -> tuple[list[nodes.Node], list[nodes.system_message]]:
    """Let MyST-NB evaluate {eval} on a page that it executes itself, such as a text notebook.

    Its role class is not documented. To be removed once MyST-NB lets two roles share a name, or once
    text notebooks are stories: https://myst-nb.readthedocs.io/en/latest/render/inline.html
    """
    from myst_nb.ext.eval import EvalRoleAny

    return EvalRoleAny()(role.name, role.rawtext, role.text, role.lineno, role.inliner)
