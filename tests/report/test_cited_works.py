"""What a page cites stands at its end in full; what the list of references does not know is left out."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import html5lib
import pytest
from msgspec.structs import replace as changed
from sample_report import INTRODUCTION, make_code, make_inputs, make_notebook

from kerascnn.report import render_report
from kerascnn.report.text.references import cited_in

pytestmark = pytest.mark.usefixtures("drawn_once")


def sources_of(path: Path) -> list[str]:
    """The works that a page lists, as it says them."""
    tree = html5lib.parse(path.read_text(encoding="utf-8"), namespaceHTMLElements=False)
    lists = [one for one in tree.iter("ul") if one.get("class") == "sources"]
    return [" ".join("".join(item.itertext()).split()) for one in lists for item in one.iter("li")]


@pytest.fixture
def page(tmp_path):
    """Renders the sample's first experiment with another introduction and other words around its first claim."""

    def render(introduction: str, *after: dict, source: str = "") -> Path:
        inputs = make_inputs(tmp_path / "results")
        entry = inputs.entries[0]
        study = entry.published.study
        claims = (
            (changed(study.claims[0], speaker="paper", source=source), *study.claims[1:]) if source else study.claims
        )
        published = changed(entry.published, study=changed(study, claims=claims))
        cells = (make_code('profile = "quick"  # the budget', tags=("parameters",)), *after)
        entry = replace(entry, published=published, source_notebook=make_notebook(introduction, *cells))
        render_report(replace(inputs, entries=(entry,)), tmp_path / "reports")
        return tmp_path / "reports" / "01_mlp_vs_cnn.html"

    return render


def test_a_page_lists_in_full_what_its_introduction_cites(sample):
    assert sources_of(sample[1] / "01_mlp_vs_cnn.html") == [
        "K. He, X. Zhang, S. Ren and J. Sun (2016). Deep residual learning for image recognition. CVPR. arXiv 1512.03385."
    ]
    text = (sample[1] / "01_mlp_vs_cnn.html").read_text(encoding="utf-8")
    assert '<a href="https://arxiv.org/abs/1512.03385" rel="noopener noreferrer">arXiv 1512.03385</a>' in text


def test_sections_and_claims_are_looked_through_too_and_the_list_is_alphabetical(page):
    found = {
        "cell_type": "markdown",
        "metadata": {},
        "source": "## What was found\n\n*Zhang* (2019) blurs; so did Zhang (2019).",
    }
    listed = sources_of(page("# T\n\nAs in **Welch**'s way (Cohen 1988).", found, source="He et al. 2015, section 2.2"))
    assert [one.partition("(")[0].strip() for one in listed] == [
        "J. Cohen", "K. He, X. Zhang, S. Ren and J. Sun", "R. Zhang",
    ]  # fmt: skip


def test_what_the_list_does_not_know_is_not_listed_and_a_page_that_cites_nothing_has_no_such_section(page):
    path = page("# T\n\nAs Nobody and Noone (2021) said.")
    assert sources_of(path) == []
    assert "#sources" not in path.read_text(encoding="utf-8")


def test_the_page_on_verdicts_lists_what_it_cites(sample):
    text = " ".join(sources_of(sample[1] / "methods.html"))
    for work in cited_in("Student 1908, Benjamini and Hochberg 1995, Fisher 1935, Schuirmann 1987"):
        assert f"({work.year}). {work.title}." in text
    assert "ISBN" in text


def test_the_sample_cites_one_work_alone():
    assert [work.cited_as for work in cited_in(INTRODUCTION)] == ["He et al. 2016"]
