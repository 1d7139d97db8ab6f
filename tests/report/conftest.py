"""Puts `factories`, shared by all rooms, and this room's `sample_report` within reach of plain pytest."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(scope="session")
def sample(tmp_path_factory):
    """(inputs, folder) of the sample report, rendered once and not to be changed."""
    from sample_report import make_inputs

    from kerascnn.report import render_report

    inputs = make_inputs(tmp_path_factory.mktemp("results"))
    folder = tmp_path_factory.mktemp("site") / "reports"
    render_report(inputs, folder)
    return inputs, folder


@pytest.fixture(scope="session")
def interactive(tmp_path_factory):
    """(inputs, folder) of a report with curves and searches, rendered once and not to be changed."""
    from interactive_report import make_interactive_inputs

    from kerascnn.report import render_report

    inputs = make_interactive_inputs(tmp_path_factory.mktemp("interactive"))
    folder = tmp_path_factory.mktemp("interactive-site") / "reports"
    render_report(inputs, folder)
    return inputs, folder


@pytest.fixture(scope="module")
def drawn_once():
    """The report's own pictures are drawn once for the same values: they take most of the time of rendering.

    For tests that render again and again and are not about drawing. `sample` is drawn without it.
    """
    from kerascnn.report.pictures import drawn

    pictures, svgs = {}, {}

    def remembered(plot):
        def look(*values):
            key = plot.__name__, repr(values)
            if key not in pictures:
                pictures[key] = plot(*values)
            return pictures[key]

        return look

    def to_svg_once(figure, *words, draw=drawn.to_svg):
        key = id(figure), words  # the figure stays among the pictures, so nothing else gets its number
        if key not in svgs:
            svgs[key] = draw(figure, *words)
        return svgs[key]

    with pytest.MonkeyPatch.context() as patch:
        for name in ("plot_cost", "plot_spent", "plot_parallel", "plot_choices"):
            patch.setattr(drawn, name, remembered(getattr(drawn, name)))
        patch.setattr(drawn, "to_svg", to_svg_once)
        yield


@pytest.fixture(scope="module")
def browser():
    """Chromium, one for each file of tests."""
    from browsing import start_browser

    driver = start_browser()
    yield driver
    driver.quit()
