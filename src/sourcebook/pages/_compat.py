"""What reaches deeper than the public API of Sphinx and MyST-NB, with the condition for its removal."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from docutils import nodes
    from sphinx.util.docutils import SphinxRole

_THEBE_SCRIPT = re.compile(r"<script>kernelName = '[^'<]*'</script>")


def without_thebe(body: str) -> str:
    """Take out the inline script that sphinx-thebe leaves in every notebook page, used or not.

    Our content policy refuses inline scripts. To be removed once Jupyter Book loads sphinx-thebe only
    for books with live code: https://github.com/executablebooks/sphinx-thebe/issues
    """
    return _THEBE_SCRIPT.sub("", body)


def evaluated_by_myst_nb(role: SphinxRole) -> tuple[list[nodes.Node], list[nodes.system_message]]:
    """Let MyST-NB evaluate {eval} on a page that it executes itself, such as a text notebook.

    Its role class is not documented. To be removed once MyST-NB lets two roles share a name, or once
    text notebooks are stories: https://myst-nb.readthedocs.io/en/latest/render/inline.html
    """
    from myst_nb.ext.eval import EvalRoleAny

    return EvalRoleAny()(role.name, role.rawtext, role.text, role.lineno, role.inliner)
