"""The layout of pages: the theme with its files, contents, the list of numbers, the content policy."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docutils import nodes
from markupsafe import Markup

from sourcebook import tracing
from sourcebook.pages._compat import without_thebe
from sourcebook.pages.citations import groups_of
from sourcebook.pages.contents import all_pages, contents_context, listed_on
from sourcebook.pages.domain import domain_of
from sourcebook.pages.facts import fact_context, facts_on
from sourcebook.pages.figures import drawings_of
from sourcebook.pages.fragments import THEME, digest_of_json, render, to_top
from sourcebook.pages.settings import settings_of
from sourcebook.pages.stories import story_path

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.config import Config
    from sphinx.environment import BuildEnvironment

THEME_NAME = "sourcebook"

_THEME_OPTIONS = ("repository_url",)
_FOLDERS = ("js", "fonts", "engines", "icons")
_SHIPPED = {".js", ".css", ".woff2", ".svg", ".txt"}
_POLICY = (
    "default-src 'none'; script-src 'self' '{snippet}'; style-src 'self'; img-src 'self' data: blob:; "
    "font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'"
)
_DESCRIPTION_LETTERS = 200
_NOT_ON_PAGES = frozenset({"layers.css", "embed.css"})


def setup(app: Sphinx) -> None:
    """Register the theme and fill its templates."""
    app.add_html_theme(THEME_NAME, str(THEME))
    app.connect("config-inited", _settle_theme)
    app.connect("builder-inited", _leave_out_search)
    app.connect("env-get-updated", _find_outdated)
    app.connect("html-page-context", _fill_in)
    app.connect("build-finished", _write_files, priority=1000)  # after every extension has left its files


@cache
def script_version() -> str:
    """Give the digest under which pages ask for the site's scripts."""
    return _digest(_scripts())


def _settle_theme(app: Sphinx, config: Config) -> None:
    """Take what our theme needs of Jupyter Book's options."""
    if config.html_theme == THEME_NAME:
        kept = {name: config.html_theme_options.get(name) for name in _THEME_OPTIONS}
        config.html_theme_options = {name: value for name, value in kept.items() if value}
        config.html_permalinks = config.html_use_index = config.html_domain_indices = False


def _leave_out_search(app: Sphinx) -> None:
    if app.builder.format == "html" and app.config.html_theme == THEME_NAME:
        app.builder.search = False  # type: ignore[attr-defined]


def _find_outdated(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """Have those pages written again of which something beyond their own text changed."""
    domain, drawings = domain_of(env), drawings_of(app)
    looks = [_stylesheet_version(), script_version(), _digest(_templates())]  # pages name or hold them
    outdated, digests = [], domain.data["digests"]
    for docname in sorted(env.found_docs):
        contents = [all_pages(env), *(vars(page) for page in listed_on(env, docname))]
        facts = [repr(vars(fact)) for fact in domain.shown(docname)]
        figures = domain.data["figures"].get(docname, {}).values()
        drawn = [drawings.state_of(one["drawing"]) for one in figures]
        sources = groups_of(app, docname) if docname in domain.data["lists"] else domain.sources_page
        digest = digest_of_json([looks, contents, facts, drawn, sources])
        if digests.get(docname, digest) != digest:
            outdated.append(docname)
        digests[docname] = digest
    return outdated


def _fill_in(
    app: Sphinx, pagename: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """Give the page templates the dictionary `sourcebook`; bring our looks to another theme's pages."""
    if app.config.html_theme != THEME_NAME and domain_of(app.env).is_on(pagename):
        app.add_css_file("sourcebook.css")  # on this page alone: one without numbers or figures is as it was
        app.add_js_file("js/main.js", type="module")
    settings, builder = settings_of(app), app.builder
    static = f"{to_top(builder, pagename)}_static/"
    if app.config.html_theme == THEME_NAME and "body" in context:
        context["body"] = without_thebe(context["body"])
    snippet = _snippet()
    context["sourcebook"] = {
        "static": static,
        "stylesheet": f"{static}sourcebook.css?v={_stylesheet_version()}",
        "script": f"{static}js/main.js?v={script_version()}",
        "theme_snippet": snippet,
        "csp": _POLICY.format(snippet=_hash_of(snippet)),
        "site": {
            "title": app.config.html_title or app.config.project,
            "description": settings.description,
            "publisher": settings.publisher,
            "language": app.config.language or "en",
            "home": builder.get_relative_uri(pagename, app.config.root_doc),
            "repository": settings.repository,
            "text_licence": settings.text_licence,
            "code_licence": settings.code_licence,
        },
        "contents": contents_context(builder, pagename, listed_on(app.env, pagename)),
        "all_pages": None
        if (name := all_pages(app.env)) is None
        else builder.get_relative_uri(pagename, name),
        "description": _description(doctree),
        "notebook": _notebook(app, pagename),
        "numbers": _numbers(app, pagename, doctree),
    }


def _description(doctree: nodes.document | None) -> str:
    """Give the page's first paragraph as plain text, cut at a word."""
    first = next(iter(doctree.findall(nodes.paragraph)), None) if doctree is not None else None
    text = " ".join(first.astext().split()) if first is not None else ""
    return text if len(text) <= _DESCRIPTION_LETTERS else text[:_DESCRIPTION_LETTERS].rsplit(" ", 1)[0] + " …"


def _notebook(app: Sphinx, pagename: str) -> str | None:
    if pagename not in app.env.found_docs or (path := story_path(app.env, pagename)) is None:
        return None
    return f"{to_top(app.builder, pagename)}_sources/{path}" if app.config.html_copy_source else None


def _numbers(app: Sphinx, pagename: str, doctree: nodes.document | None) -> Markup:
    facts = facts_on(doctree) if doctree is not None else []
    builder: Any = app.builder
    told = [fact_context(builder, pagename, fact) for fact in facts]
    return Markup(render("numbers.html", facts=told))


def _write_files(app: Sphinx, exception: Exception | None) -> None:
    """Write the stylesheet, scripts, fonts and engines, and take away what no page of ours loads."""
    if exception is not None or app.builder.format != "html":
        return
    target = Path(app.outdir) / "_static"
    wanted = {Path("sourcebook.css"): _stylesheet().encode()}
    for folder in _FOLDERS:
        for file in sorted((THEME / folder).iterdir()):
            if file.is_file() and file.suffix in _SHIPPED:
                wanted[Path(folder) / file.name] = file.read_bytes()
    for path, content in wanted.items():
        (target / path).parent.mkdir(parents=True, exist_ok=True)
        if not (target / path).is_file() or (target / path).read_bytes() != content:
            (target / path).write_bytes(content)
    if app.config.html_theme == THEME_NAME:
        own = {target / path for path in wanted} | {target / name for name in _authors_files(app)}
        _prune(target, own)


def _authors_files(app: Sphinx) -> set[Path]:
    folders = [Path(app.confdir) / name for name in app.config.html_static_path]
    return {file.relative_to(folder) for folder in folders if folder.is_dir() for file in folder.rglob("*")}


def _prune(folder: Path, kept: set[Path]) -> None:
    for path in sorted(folder.rglob("*"), reverse=True):
        if path.is_dir() and not any(path.iterdir()):
            path.rmdir()
        elif path.is_file() and path not in kept:
            path.unlink()


@cache
def _snippet() -> str:
    return (THEME / "templates" / "theme_snippet.js").read_text(encoding="utf-8").strip()


@cache
def _stylesheet_version() -> str:
    return _digest(_stylesheet())


@cache
def _stylesheet() -> str:
    """Join the stylesheets of story pages: the layers first, then one file per component; packed tight."""
    import lightningcss

    first = THEME / "css" / "layers.css"
    files = [
        first,
        *(file for file in sorted((THEME / "css").glob("*.css")) if file.name not in _NOT_ON_PAGES),
    ]
    joined = "\n".join(file.read_text(encoding="utf-8") for file in files)
    return str(lightningcss.process_stylesheet(joined, filename="sourcebook.css"))


@cache
def _scripts() -> str:
    """Join what `main.js` brings along under its own version: the modules and the engines."""
    engines = (THEME / "engines" / name for name in ("vega.js", "plotly.js", "plotly.css"))
    files = (*sorted((THEME / "js").glob("*.js")), *engines)
    return "".join(file.read_text(encoding="utf-8") for file in files)


@cache
def _templates() -> str:
    return "".join(file.read_text(encoding="utf-8") for file in sorted((THEME / "templates").glob("*.html")))


def _digest(text: str) -> str:
    return tracing.digest_of_bytes(text.encode())[:10]


def _hash_of(snippet: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(snippet.encode()).digest()).decode()
