"""What was published before figures and tables said what they are is shown as it was."""

from __future__ import annotations

from kerascnn.records import Figure, PublishedTable
from kerascnn.report.facts.before_kinds import guess_kind, guess_metrics, names_by_words
from kerascnn.report.tables.published import build_published_table


def table(*columns: str) -> PublishedTable:
    return PublishedTable(name="t", title="T", columns=columns, rows=())


def test_curves_are_told_by_their_columns() -> None:
    assert guess_kind(table("arm", "seed", "outcome", "epoch", "val_loss")) == "curves"
    assert guess_kind(table("arm", "seeds", "test_accuracy")) == "other"
    assert guess_kind(None) == "other"


def test_a_curve_has_the_unit_of_the_metric_that_it_follows() -> None:
    assert guess_metrics(table("arm", "seed", "outcome", "epoch", "val_loss")) == {"val_loss": "test_loss"}
    assert guess_metrics(table("arm", "seed", "outcome", "epoch", "learning_rate")) == {}


def test_a_column_named_like_a_metric_is_printed_in_its_unit() -> None:
    old = PublishedTable(name="t", title="T", columns=("arm", "test_accuracy", "depth"), rows=(("a", 0.5, 3),))
    cells = build_published_table(old, "t", "t.csv").rows[0]
    assert [cell.unit for cell in cells] == ["number", "metric:test_accuracy", "number"]


def test_only_figures_without_a_kind_are_told_by_their_words() -> None:
    figures = [
        Figure(name=f"{kind}", file="f.svg", title="Title", alt=f"{kind}.", kind=kind) for kind in ("cost", None)
    ]
    assert names_by_words(figures) == {"Title. None.": "None"}
