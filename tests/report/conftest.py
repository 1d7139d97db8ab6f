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
def browser():
    """Chromium, one for each file of tests."""
    from browsing import start_browser

    driver = start_browser()
    yield driver
    driver.quit()
