"""The benchmark of whole pages judges arrays by the same rules as the report judges runs."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from kerascnn.specs import Comparison, Equivalence, NonInferiority
from kerascnn.stats.judging.effects import Pairing
from kerascnn.stats.judging.evidence import Evidence, Looked, clear_finding, correct
from kerascnn.stats.judging.verdicts import find, rule_of

sys.path.append(str(Path(__file__).parents[2] / "benchmarks"))
import page_calibration as bench

KINDS = {"effect": Comparison, "sameness": Equivalence, "no worse": NonInferiority}


def verdict_of(page: list[list[float]], rule: str) -> list[str]:
    """What the report would say of these effects, each claim judged after all of its looks."""
    claims = [
        KINDS[rule](name=f"c{number}", says="s", arm="a", baseline="b", smallest_effect=bench.MARGIN)
        for number in range(bench.CLAIMS)
    ]
    found = {}
    for claim, effects in zip(claims, page, strict=True):
        reached = [
            Looked(
                look,
                dict(enumerate(effects[: look.seeds], 1)),
                find(rule_of(claim), effects[: look.seeds], bench.MARGIN),
            )
            for look in bench.LOOKS
        ]
        found[claim.name] = Evidence(claim, Pairing({}, (), ()), bench.LOOKS, tuple(reached))
    adjusted = correct(found, list(found), [claim.name for claim in claims[: bench.MAIN]])
    clear = {name: clear_finding(evidence, adjusted[name]) for name, evidence in found.items()}
    return [one.finding.family if one else "open" for one in clear.values()]


@pytest.mark.parametrize("rule", list(KINDS))
@pytest.mark.parametrize("nothing", ["none", "margin"])
def test_the_rules_for_arrays_are_those_of_the_report(rule, nothing, monkeypatch):
    # The sign test is left out of the benchmark: it only takes findings away.
    monkeypatch.setattr("kerascnn.stats.judging.verdicts.sign_flip_p_value", lambda effects: None)
    drawn = []

    def noise(random, shape):
        drawn.append(random.normal(size=shape))
        return drawn[0], np.ones(shape, bool)

    pages = bench.invent(np.random.default_rng(1), noise, 0.4, 60, nothing, rule)
    verdicts = bench.decide(pages, np.full(pages.truth.shape, len(bench.LOOKS) - 1))
    effects = (pages.truth[..., None] + drawn[0]).tolist()
    for number, page in enumerate(effects):
        expected = verdict_of(page, rule)
        told = np.where(verdicts.effect[number] != 0, "effect", np.where(verdicts.same[number], "sameness", "open"))
        assert told.tolist() == expected
    assert {"effect", "sameness", "open"} & set(np.unique(told))


@pytest.mark.parametrize("policy", list(bench.POLICIES))
def test_where_nothing_is_to_be_found_hardly_a_page_shows_an_effect(policy):
    pages = bench.invent(np.random.default_rng(2), bench.normal, 0.0, 2000)
    of_effect, _ = bench.wrong(pages, bench.carry_out(pages, policy))
    assert of_effect.any(-1).mean() < 0.06
