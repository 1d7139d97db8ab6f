"""Every work that a reader meets is in the list of references, is listed in full, and is the one that is meant."""

from __future__ import annotations

import ast
import io
import json
import re
import tokenize
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import kerascnn
from kerascnn.places import CHECKOUT
from kerascnn.report.text.references import CITATION, REFERENCES, Reference, cited_in, find_citations

PACKAGE = Path(kerascnn.__file__).parent
LIST = PACKAGE / "report" / "text" / "references.py"
NO_AUTHORS = {"LeNet", "LeNet-5", "AlexNet", "ZFNet", "VGG", "VGG-16", "GoogLeNet", "ResNet", "MobileNet", "DenseNet", "ConvNeXt", "In", "Since", "JPEG"}  # fmt: skip
"""Words before a year that name a system, a file format or a time."""
OTHERS = re.compile(r"([^\W\d_a-z][\w-]+) et al\.")
NUMBER = re.compile(r"arXiv:? ?(\d{4}\.\d{4,5})")


def notebooks() -> list[Path]:
    return sorted((CHECKOUT / "experiments").glob("*.ipynb"))


def documents() -> list[Path]:
    """The pages of the checkout and the templates; the list itself and what is written from it cite nothing."""
    found = [*CHECKOUT.glob("*.md"), *(CHECKOUT / "docs").glob("*.md"), *(CHECKOUT / "templates").glob("*.j2")]
    return sorted(path for path in found if path.name != "references.md")


def modules() -> list[Path]:
    return sorted(path for path in PACKAGE.rglob("*.py") if path != LIST)


def strings_of(source: str) -> Iterator[str]:
    """The texts in Python source: what is written in several pieces is one text."""
    yield from (node.value for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Constant)
                and isinstance(node.value, str))  # fmt: skip


def comments_of(source: str) -> Iterator[str]:
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    yield from (token.string for token in tokens if token.type == tokenize.COMMENT)


@cache
def texts_of(path: Path) -> tuple[str, ...]:
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".py":
        return tuple(strings_of(text))
    if path.suffix != ".ipynb":
        return (text,)
    cells = [(cell["cell_type"], "".join(cell["source"])) for cell in json.loads(text)["cells"]]
    code = [part for kind, source in cells if kind == "code" for part in (*strings_of(source), *comments_of(source))]
    return tuple([source for kind, source in cells if kind == "markdown"] + code)


def citations_of(path: Path) -> list[tuple[str, Reference | None]]:
    found = [one for text in texts_of(path) for one in find_citations(text)]
    return [(phrase, work) for phrase, work in found if phrase.split()[0] not in NO_AUTHORS or work]


def unknown_in(path: Path) -> list[str]:
    return [phrase for phrase, work in citations_of(path) if work is None]


FILES = [*notebooks(), *documents(), *modules()]


def test_the_search_finds_citations_however_they_are_written() -> None:
    he, glorot, lecun = (cited_in(one) for one in ("He et al. 2016", "Glorot and Bengio 2010", "LeCun 1989"))
    assert all(len(works) == 1 for works in (he, glorot, lecun))
    for text in (
        "He, Zhang, Ren and Sun 2016",
        "(He et al., 2016)",
        "He and others (2016, section 3)",
        "He et\n  al.'s (2016)",
    ):
        assert cited_in(text) == he, text
    assert cited_in("For MobileNet, Glorot and Bengio’s (2010) rule") == glorot
    assert cited_in("LeCun (1989) and He et al. 2016") == (*he, *lecun)
    assert cited_in("He 2016, Bengio 2010, JPEG 2000, arXiv 1904.11486, in 1998, of 2048 images") == ()


def test_every_work_has_authors_year_title_and_identifier_and_stands_in_its_place() -> None:
    for work in REFERENCES:
        assert re.fullmatch(r"(1[89]|20)\d\d[a-z]?", work.year), work
        assert len(work.title) > 5, work
        assert work.venue, work
        assert re.fullmatch(
            r"arXiv \d{4}\.\d{4,5}|DOI 10\.\d{4,}/\S+|ISBN [\d-]{9,16}[\dX]|JSTOR \d+|Technical Report \S+|https://\S+",
            work.identifier,
        ), work
        assert all(re.fullmatch(r"[^\W\d_].+", surname) and "." not in surname for surname in work.surnames), work
    orders = [(work.surnames[0].casefold(), work.year) for work in REFERENCES]
    assert orders == sorted(orders)


def test_no_two_works_are_cited_alike() -> None:
    names = [work.cited_as for work in REFERENCES]
    assert len(set(names)) == len(names)
    assert len({work.identifier for work in REFERENCES}) == len(names)
    for work in REFERENCES:
        assert cited_in(work.cited_as) == (work,)
        assert (
            cited_in(f"{', '.join(work.surnames[:-1])} and {work.surnames[-1]} {work.year}") == (work,)
            or len(work.surnames) == 1
        )


@pytest.mark.parametrize("path", [*notebooks(), *documents()], ids=lambda path: path.name)
def test_everything_that_a_reader_sees_cited_is_in_the_list(path: Path) -> None:
    assert unknown_in(path) == []


def test_everything_that_a_module_cites_is_in_the_list() -> None:
    assert {str(path): found for path in modules() if (found := unknown_in(path))} == {}


@pytest.mark.parametrize("path", [*notebooks(), *documents()], ids=lambda path: path.name)
def test_who_is_named_without_a_year_is_cited_with_one_in_the_same_file(path: Path) -> None:
    cited = {work.surnames[0] for _, work in citations_of(path) if work}
    named = {name for text in texts_of(path) for name in OTHERS.findall(" ".join(text.split()))}
    assert named - cited == set()


@pytest.mark.parametrize("path", [*notebooks(), *documents()], ids=lambda path: path.name)
def test_a_number_beside_a_citation_is_that_of_the_work(path: Path) -> None:
    """Two works of one author in years that follow each other are easily taken for each other."""
    for text in texts_of(path):
        words = " ".join(text.split())
        for number in NUMBER.finditer(words):
            before = [found for found in CITATION.finditer(words) if found.end() <= number.start()]
            works = cited_in(before[-1][0]) if before else ()
            beside = words[max(0, number.start() - 150) : number.end()]
            assert [work.identifier for work in works] == [f"arXiv {number[1]}"], beside


def test_every_work_of_the_list_is_cited_somewhere() -> None:
    cited = {work for path in FILES for _, work in citations_of(path)}
    assert [work.cited_as for work in REFERENCES if work not in cited] == []
