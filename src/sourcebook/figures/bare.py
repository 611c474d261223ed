"""Bare charts: what a story shows without `figure` is drawn all the same, as a plain figure."""

from __future__ import annotations

from typing import Any

from sourcebook.figures import Figure, plain_figure


def bundle(chart: Any, include: Any = None, exclude: Any = None) -> dict[str, Any]:
    """Give a chart's output as a plain figure; one that cannot be made one shows as its library shows it."""
    plain = _plain(chart)
    return chart._repr_mimebundle_() if plain is None else plain._repr_mimebundle_()


def show(chart: Any) -> None:
    """Show a chart of a library that shows its charts by itself."""
    from IPython.display import display

    plain = _plain(chart)
    if plain is None:
        chart._ipython_display_()
    else:
        display(plain._repr_mimebundle_(), raw=True)


def _plain(chart: Any) -> Figure | None:
    """Make the plain figure, unless the chart is one that its library cannot write either."""
    try:
        return plain_figure(chart)
    except Exception:  # whatever a chart library raises, it will raise again and say it better itself
        return None
