"""The reference in `docs/`, and the list of sources beside it, are what the source gives."""

from __future__ import annotations

import importlib.util
from types import ModuleType

import msgspec
import pytest

from kerascnn.places import CHECKOUT
from kerascnn.plots.drawing.palette import MEANINGS, SERIES
from kerascnn.specs import METRICS
from kerascnn.specs.claims import KINDS
from kerascnn.stats.judging.takeaways import JUDGEMENT_FIELDS

COMMITTED = (CHECKOUT / "docs" / "reference.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_reference", CHECKOUT / "docs" / "make_reference.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_committed_reference_is_what_the_source_gives(script: ModuleType) -> None:
    assert script.render_reference() == COMMITTED, "Run `python docs/make_reference.py`."


def test_the_committed_sources_are_those_of_the_list(script: ModuleType) -> None:
    committed = (CHECKOUT / "docs" / "references.md").read_text(encoding="utf-8")
    assert script.render_sources() == committed, "Run `python docs/make_reference.py`."


def test_every_metric_tone_and_placeholder_stands_in_it() -> None:
    for name in (*METRICS, *MEANINGS, *SERIES, *JUDGEMENT_FIELDS):
        assert f"`{name}`" in COMMITTED, name


COMMON = COMMITTED.partition("## Claims\n")[2].partition("\n###")[0]
"""What all kinds of claims have."""


def test_every_kind_of_claim_stands_in_it_with_every_argument() -> None:
    for kind in KINDS:
        section = COMMITTED.partition(f"### `{kind.__name__}`\n")[2].partition("\n##")[0]
        for field in msgspec.structs.fields(kind):
            assert f"| `{field.name}` |" in (section if field.name in kind.__annotations__ else COMMON), (
                kind,
                field.name,
            )
