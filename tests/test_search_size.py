"""How much a search can ask for is known without an oracle; one that Keras Tuner would misread is refused."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from searches import BLOCKS, KIND, make_search, make_study

from kerascnn.errors import UsageError
from kerascnn.specs import Choice
from kerascnn.specs.search_size import at_most


def test_importing_the_modules_and_asking_for_the_upper_bound_loads_neither_keras_tuner_nor_tensorflow() -> None:
    code = (
        "import sys, kerascnn.planning.oracle, kerascnn.planning.search; from tests.searches import make_search, make_study;"
        "from kerascnn.specs.search_size import at_most;"
        "at_most(make_study(make_search('hyperband')));"
        "sys.exit(bool({'keras_tuner', 'tensorflow', 'keras', 'sklearn', 'scipy'} & set(sys.modules)))"
    )
    root = Path(__file__).resolve().parents[1]
    assert subprocess.run([sys.executable, "-c", code], cwd=root, timeout=60).returncode == 0


def test_the_upper_bound_counts_all_searches_and_no_combination_twice() -> None:
    tiny = make_search("random", space=(KIND,))
    assert at_most(make_study(make_search("bayesian"), tiny, trials=30)) == 30 + 2
    assert at_most(make_study()) == 0


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"space": ()}, "at least one argument"),
        ({"space": (BLOCKS, BLOCKS)}, "none twice"),
        ({"space": (Choice(name="blocks", values=()),)}, "of one type"),
        ({"space": (Choice(name="blocks", values=(1, 2.5)),)}, "of one type"),
        ({"space": (Choice(name="blocks", values=(1, 1)),)}, "must differ"),
        ({"seed": 0}, ">= 1"),
        ({"batch": 0}, ">= 1"),
    ],
)
def test_a_search_that_keras_tuner_would_misread_is_refused_at_planning(changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(UsageError, match=reason):
        at_most(make_study(make_search("random", **changes)))
