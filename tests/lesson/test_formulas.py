"""Every formula on every page is recomputed from the code that it describes.

The checks of the page `NN_name` lie in `formulas_NN.py`, by the formula as the page writes it. Whoever changes a formula must
change its check. Names alone need none.
"""

from __future__ import annotations

import importlib
import importlib.util
from pathlib import Path

import pytest
from stating import Checks, normal, states_something

from kerascnn.foreign.notebook_files import cell_source
from kerascnn.notebooks.contract import read_notebook
from kerascnn.notebooks.draft import INTRODUCTION
from kerascnn.notebooks.finding import find_notebooks
from kerascnn.places import CHECKOUT
from kerascnn.report.text.prose import _markdown

HERE = Path(__file__).parent
MATH = ("math_inline", "math_inline_double", "math_block", "amsmath")


def formulas_in(markdown: str) -> list[str]:
    """What the report shows as formulas, in order."""
    tokens = [inner for token in _markdown().parse(markdown) for inner in (token, *(token.children or ()))]
    return [normal(token.content) for token in tokens if token.type in MATH]


def texts_of(path: Path) -> list[str]:
    return [cell_source(cell) for cell in read_notebook(path).content["cells"] if cell["cell_type"] == "markdown"]


def stated(texts: list[str]) -> list[str]:
    found = [formula for text in texts for formula in formulas_in(text)]
    return [formula for formula in dict.fromkeys(found) if states_something(formula)]


def checks_of(page: str) -> Checks:
    module = f"formulas_{page}"
    return importlib.import_module(module).CHECKS if importlib.util.find_spec(module) else Checks()


PAGES = {path.stem.partition("_")[0]: stated(texts_of(path)) for path in find_notebooks(CHECKOUT / "experiments")}
PAGES["draft"] = stated([INTRODUCTION])
TEMPLATES = sorted((CHECKOUT / "templates").glob("*.j2"))
STATED = [(page, formula) for page, formulas in PAGES.items() for formula in formulas]


@pytest.mark.parametrize(("page", "formula"), STATED)
def test_a_formula_is_what_the_code_computes(page: str, formula: str) -> None:
    check = (checks_of("draft") | checks_of(page)).get(formula)  # an own notebook still has what `new` wrote
    assert check, f"The formula of page {page} has no check. Write one in {HERE / f'formulas_{page}.py'}: {formula}"
    check()


@pytest.mark.parametrize("page", PAGES)
def test_no_check_is_of_a_formula_that_its_page_no_longer_has(page: str) -> None:
    assert sorted(set(checks_of(page)) - set(PAGES[page])) == []


def test_no_file_of_checks_is_of_a_page_that_is_not_there() -> None:
    assert {path.stem.removeprefix("formulas_") for path in HERE.glob("formulas_*.py")} <= set(PAGES)


def test_a_template_has_no_formula_of_its_own() -> None:
    assert [path.name for path in TEMPLATES if stated([path.read_text(encoding="utf-8")])] == []


@pytest.mark.parametrize("name", ["k", r"\gamma", "C_{in}", r"A^\top", "(i, j)", "x_i", r"\mu_B", "f_{max}"])
def test_a_name_needs_no_check(name: str) -> None:
    assert not states_something(name)


@pytest.mark.parametrize(
    "formula", ["k^2", r"k \times k", "+1", r"\ln 2", "x - y", r"\mu\mu^T", "10^{-6}", "F(x)", "CW"]
)
def test_whatever_is_more_than_a_name_needs_one(formula: str) -> None:
    assert states_something(formula)
