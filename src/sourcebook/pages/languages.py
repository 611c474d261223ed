"""Phrases in another language: Chinese in an English text is marked as such, for voices and typefaces."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from docutils import nodes
from sphinx.transforms.post_transforms import SphinxPostTransform

from sourcebook.pages.nodes import pass_by

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.writers.html5 import HTML5Translator

_HAN = re.compile(
    r"([\u3400-\u9fff\uf900-\ufaff\u3000-\u303f·]*[\u3400-\u9fff][\u3400-\u9fff\u3000-\u303f·]*)"
)


class foreign_phrase(nodes.inline):  # noqa: N801 - docutils names its nodes so
    """Words of another language than the page's; `lang` holds its BCP 47 tag."""


def setup(app: Sphinx) -> None:
    """Register the node and the transform."""
    as_text = (pass_by, pass_by)
    app.add_node(foreign_phrase, html=(_visit_html, _depart_html), latex=as_text, text=as_text)
    app.add_post_transform(MarkChinese)


class MarkChinese(SphinxPostTransform):
    """Mark runs of Chinese characters as Simplified Chinese, unless the whole book is in Chinese."""

    default_priority = 600

    def run(self, **kwargs: Any) -> None:
        """Mark one page."""
        if (self.config.language or "").startswith("zh"):
            return
        for text in [one for one in self.document.findall(nodes.Text) if _HAN.search(one)]:
            if not isinstance(text.parent, nodes.literal | nodes.literal_block | nodes.raw | nodes.title):
                text.parent.replace(text, _parts(text))


def _parts(text: nodes.Text) -> list[nodes.Node]:
    parts: list[nodes.Node] = []
    for position, part in enumerate(_HAN.split(text)):
        if part:
            plain = nodes.Text(part)
            parts.append(foreign_phrase("", "", plain, lang="zh-Hans") if position % 2 else plain)
    return parts


def _visit_html(translator: HTML5Translator, node: foreign_phrase) -> None:
    translator.body.append(translator.starttag(node, "span", "", lang=node["lang"]))


def _depart_html(translator: HTML5Translator, node: foreign_phrase) -> None:
    translator.body.append("</span>")
