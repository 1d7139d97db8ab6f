"""Every kind of claim is known wherever something is said about claims: a kind that lacks something fails here."""

from __future__ import annotations

import importlib
import pkgutil
import re
from pathlib import Path
from typing import get_args

import pytest

import kerascnn
import kerascnn.report
import kerascnn.stats
from kerascnn.report.text.words import KIND_WORDS
from kerascnn.specs import ByKind, Claim, Comparison, Identity
from kerascnn.specs.claims import KINDS, ClaimBase
from kerascnn.stats.judging.seeds import BOUNDS, TAILS
from kerascnn.stats.judging.sentences import SENTENCES
from kerascnn.stats.judging.verdicts import FINDINGS, Rule, rule_of


def known_by_kind() -> dict[str, ByKind]:
    """Module and name of everything that the reading half says by kinds of claims, each named once, where it is made."""
    found: dict[str, ByKind] = {}
    for package in (kerascnn.stats, kerascnn.report):
        for _, name, _ in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            members = vars(importlib.import_module(name)).items()
            found |= {
                f"{name}.{key}": value for key, value in members if isinstance(value, ByKind) and made_in(name, key)
            }
    return found


def made_in(module: str, name: str) -> bool:
    """Whether the module assigns the name, rather than imports it."""
    return (
        re.search(
            rf"^{name}\b.* = ByKind", Path(importlib.import_module(module).__file__ or "").read_text("utf-8"), re.M
        )
        is not None
    )


SAID = known_by_kind()


def test_the_rooms_that_need_a_function_for_each_kind_are_found() -> None:
    rooms = {name.rsplit(".", 2)[-2] for name in SAID}
    assert {"effects", "verdicts", "sentences", "claims"} <= rooms


@pytest.mark.parametrize("name", SAID)
def test_no_kind_of_claim_is_missing(name: str) -> None:
    module, _, function = name.rpartition(".")
    missing = SAID[name].missing()
    assert not missing, f"Add a function marked `@{function}.of({missing[0]})` to {module}."


def test_every_kind_has_words_on_the_page() -> None:
    assert set(KIND_WORDS) == set(KINDS) == set(get_args(Claim))


def test_every_kind_can_be_imported_from_the_package_as_notebooks_do() -> None:
    assert {kind.__name__ for kind in KINDS} <= set(kerascnn.__all__), "Add it to kerascnn/__init__.py."


def test_every_rule_that_seeds_decide_says_how_many_of_them_it_takes() -> None:
    assert set(TAILS) == set(BOUNDS) == set(FINDINGS), "Add the rule to the tables of stats/judging/seeds.py."


def test_every_rule_is_decided_by_seeds_or_by_a_number() -> None:
    assert set(FINDINGS) == set(get_args(Rule)) - {"identity"}


@pytest.mark.parametrize("rule", get_args(Rule))
def test_every_rule_has_a_sentence_for_what_it_can_find(rule: Rule) -> None:
    assert {verdict for known, verdict in SENTENCES if known == rule} >= {"supported", "contradicted"}


def test_a_kind_that_a_room_does_not_know_is_named() -> None:
    class Guess(ClaimBase, frozen=True, kw_only=True, tag="guess"):
        """A kind that nobody knows."""

    said = ByKind[[], str]((*KINDS, Guess))
    said.of(*KINDS)(lambda claim: claim.name)
    assert said.missing() == ["Guess"]
    with pytest.raises(KeyError):
        said(Guess(name="g", says="It may be."))


def test_what_kinds_say_of_themselves_is_no_part_of_what_is_written() -> None:
    identity = Identity(name="i", says="s", number="n", expected=1.0, tolerance=0.1)
    assert set(identity.to_dict()) == {"kind", "name", "says", "number", "expected", "tolerance"}
    assert (identity.metric, identity.smallest_effect, identity.of_runs) == ("number", 0.1, False)
    comparison = Comparison(name="c", says="s", arm="a", baseline="b", smallest_effect=0.02)
    assert set(comparison.to_dict()) == {"kind", "name", "says", "arm", "baseline", "smallest_effect"}
    assert rule_of(comparison) == "effect"
