"""What a notebook leaves behind says what it is."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

from factories import make_arm, make_runs
from slots import DATASET

from kerascnn import plots
from kerascnn.notebooks.inside.publish import publish
from kerascnn.notebooks.inside.whereabouts import InPipeline
from kerascnn.records import Published
from kerascnn.specs import Budget, Study
from kerascnn.store.published import RESULT

BUDGET = Budget(epochs=1, seeds=1)
STUDY = Study(question="?", arms=(make_arm(),), budgets={"smoke": BUDGET, "quick": BUDGET, "full": BUDGET})
RUNS = [make_runs("relu", (0.5, 0.6))]


def test_a_published_figure_says_its_kind_and_its_table_which_columns_are_metrics(tmp_path: Path) -> None:
    result = Published(
        experiment="20_width", title="Width", introduction="", dataset=DATASET, study=STUDY, study_digest=STUDY.digest,
        parameters={}, changed_parameters={}, precision="float32", runs={},
    )  # fmt: skip
    pictures = [plots.plot_curves(RUNS).named("both"), plots.plot_finals(RUNS)]
    publish(result, pictures, InPipeline(SimpleNamespace(staging=str(tmp_path))))
    left = Published.from_json((tmp_path / RESULT).read_bytes())
    assert [(figure.name, figure.kind) for figure in left.figures] == [
        ("both", "curves"),
        ("finals-test_accuracy", "finals"),
    ]
    assert [table.metrics for table in left.tables] == [
        {"val_accuracy": "val_accuracy"},
        {"test_accuracy": "test_accuracy"},
    ]
