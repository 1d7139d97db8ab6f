"""What a notebook says about its figures, and about how to read what was found, stands on the experiment's page."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from factories import make_arm, make_runs
from msgspec.structs import replace as replace_figure
from sample_report import PIXEL, make_code, make_notebook, write_results

from kerascnn.plots import plot_curves
from kerascnn.records import Figure
from kerascnn.report.facts.cells import section_of, texts_of_figures
from kerascnn.report.render import build_files

FIGURES = [Figure(name=name, file=f"{name}.svg", title=name.title(), alt="In words.") for name in ("first", "second")]


def text(source: str) -> dict:
    return {"cell_type": "markdown", "metadata": {}, "source": source}


def shows(words: str) -> dict:
    data = {"image/png": PIXEL, "text/plain": words}
    return make_code("results.show(picture)", {"output_type": "execute_result", "data": data, "metadata": {}})


def test_a_figure_comes_with_the_text_before_its_cell() -> None:
    notebook = make_notebook(
        "# Title", text("One."), shows("First. In words."), text("Two."), make_code("1"), shows("Second. In words.")
    )
    assert texts_of_figures(notebook, FIGURES) == {"first": "One.", "second": "Two."}


def test_what_a_notebook_shows_of_a_picture_is_known_as_its_figure() -> None:
    picture = plot_curves([make_runs(make_arm("relu"), (0.5, 0.6))])
    figure = Figure(name=picture.name, file="x.svg", title=picture.title, alt=picture.alt)
    data, metadata = picture._repr_mimebundle_()
    shown = shows(str(data["text/plain"]))
    assert texts_of_figures(make_notebook("# Title", text("One."), shown), [figure]) == {picture.name: "One."}
    shown["outputs"][0]["metadata"] = metadata
    said = [replace_figure(figure, kind=picture.kind, alt="Other words.")]
    assert texts_of_figures(make_notebook("# Title", text("One."), shown), said) == {picture.name: "One."}


def test_a_figure_that_says_its_kind_is_not_known_by_its_words() -> None:
    notebook = make_notebook("# Title", text("One."), shows("First. In words."))
    assert texts_of_figures(notebook, [replace_figure(FIGURES[0], kind="curves")]) == {}


def test_a_text_is_shown_once_and_only_the_last_before_a_figure() -> None:
    notebook = make_notebook(
        "# Title", text("Not this."), text("One."), shows("First. In words."), shows("Second. In words.")
    )
    assert texts_of_figures(notebook, FIGURES) == {"first": "One."}


@pytest.mark.parametrize("words", ["Another picture.", ""])
def test_a_picture_that_is_no_figure_of_the_page_takes_no_text(words: str) -> None:
    notebook = make_notebook("# Title", text("One."), shows(words), shows("Second. In words."))
    assert texts_of_figures(notebook, FIGURES) == {"second": "One."}


def test_a_section_is_the_cell_below_its_heading() -> None:
    notebook = make_notebook(
        "# Title", text("What was found"), text("## What was found\n\nRead *this*."), text("More.")
    )
    assert section_of(notebook, "What was found") == "Read *this*."
    assert section_of(notebook, "Nothing") == ""


def test_the_page_shows_both_where_they_belong(sample, tmp_path: Path) -> None:
    inputs, _ = sample
    found = text("## What was found\n\nA hint about verdicts.")
    notebook = make_notebook(
        "# Title",
        make_code("study.run()"),
        text("## Speed\n\nLook at the *slope*."),
        shows("Learning curves. The CNN learns faster."),
        found,
    )
    entry = replace(inputs.entries[0], folder=write_results(tmp_path, notebook), source_notebook=notebook)
    page = build_files(replace(inputs, entries=(entry,)))[f"{entry.page_stem}.html"]
    assert isinstance(page, str)
    takeaways, hint, speed, figure = (
        page.index(words)
        for words in (
            'id="takeaways"',
            "A hint about verdicts.",
            "<h3>Speed</h3>\n<p>Look at the <em>slope</em>.",
            'id="figure-curves"',
        )
    )
    assert takeaways < hint < speed < figure
