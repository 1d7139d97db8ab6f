"""Tables that a notebook published, its parameters, its searches, and curves of failed runs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from kerascnn.records import Epoch, Published, PublishedSearch, PublishedTable, RunFailure, RunRecord, Trial
from kerascnn.report.facts.before_kinds import guess_metrics
from kerascnn.report.facts.results import Facts, parameter_text
from kerascnn.report.parts.elements import Cell, Column, Mark, ShownSearch, Table
from kerascnn.report.tables.columns import Reader, build_table
from kerascnn.report.text.numbers import plural, quantity

BEST = Mark("best", "done")
CHANGED = Mark("changed", "changed")


def build_published_table(table: PublishedTable, anchor: str, csv: str) -> Table:
    """A table as the notebook published it."""
    numeric = [_is_numeric(row[place] for row in table.rows if place < len(row)) for place in range(len(table.columns))]
    columns = tuple(
        Column(name, name.replace("_", " ").capitalize(), is_number)
        for name, is_number in zip(table.columns, numeric, strict=True)
    )
    units = units_of(table)
    rows = tuple(tuple(Cell(value, unit) for value, unit in zip(row, units, strict=False)) for row in table.rows)
    return Table(anchor, table.title, columns, rows, csv)


def units_of(table: PublishedTable) -> list[str]:
    """How the values of each column are printed."""
    metrics = guess_metrics(table) if table.metrics is None else table.metrics
    return [f"metric:{metrics[name]}" if name in metrics else "number" for name in table.columns]


def _is_numeric(values: object) -> bool:
    kept = [value for value in values if value is not None]  # type: ignore[attr-defined]
    return bool(kept) and all(isinstance(value, int | float) and not isinstance(value, bool) for value in kept)


def build_parameters(published: Published, csv: str) -> Table | None:
    """The notebook's parameters, those that are not the defaults marked."""
    if not published.parameters:
        return None
    changed = published.changed_parameters
    columns = (
        Reader[str]("parameter", "Parameter", lambda name: name),
        Reader[str](
            "value",
            "Value",
            lambda name: Cell(parameter_text(published.parameters[name]), mark=CHANGED if name in changed else None),
        ),
    )
    return build_table("parameters", "Parameters", columns, list(published.parameters), csv)


def build_search(facts: Facts, search: PublishedSearch, anchor: str, csv: str) -> ShownSearch:
    """All trials of a search in the order they were proposed, the best marked."""
    caption = f"Trials of {search.label}"
    best = next((trial for trial in search.trials if trial.number == search.best), None)
    return ShownSearch(
        anchor=anchor,
        href=f"{facts.search_page}#{anchor}",
        label=search.label,
        oracle=search.oracle,
        best=_best_words(best),
        best_value=best.val_accuracy if best else None,
        table=build_table(
            f"{anchor}-trials",
            caption,
            tuple(_trial_columns(facts, search)),
            search.trials,
            csv,
            f"Chosen on validation images, never on test images. {_spent_words(facts, search)}".strip(),
        ),
    )


def _trial_columns(facts: Facts, search: PublishedSearch) -> Iterator[Reader[Trial]]:
    yield Reader("trial", "Trial", lambda trial: _numbered(trial, search.best), "number")
    for name in dict.fromkeys(name for trial in search.trials for name in trial.arguments):
        yield _argument(name, search.trials)
    yield Reader("epochs", "Epochs", lambda trial: trial.epochs, "number")
    yield Reader("val_accuracy", "Validation accuracy", _scored, "metric:val_accuracy")
    yield Reader("key", "Run", lambda trial: Cell(trial.key, "key", href=facts.run_page(trial.key)), "key")


def _numbered(trial: Trial, best: int | None) -> Cell:
    return Cell(trial.number, "number", mark=BEST if trial.number == best else None)


def _argument(name: str, trials: Sequence[Trial]) -> Reader[Trial]:
    is_numeric = _is_numeric(trial.arguments.get(name) for trial in trials)
    return Reader(name, name.replace("_", " "), lambda trial: _value(trial.arguments.get(name)), "number", is_numeric)


def _scored(trial: Trial) -> Cell:
    mark = Mark("no result", "failed") if trial.val_accuracy is None else None
    return Cell(trial.val_accuracy, "metric:val_accuracy", mark=mark)


def _spent_words(facts: Facts, search: PublishedSearch) -> str:
    keys = dict.fromkeys(trial.key for trial in search.trials)  # a point proposed twice is one run
    runs = [facts.stored[key] for key in keys if key in facts.stored]
    return spent_words(runs, facts.published.dataset.train_images if facts.published else 0)


def spent_words(runs: Sequence[RunRecord | RunFailure], images: int) -> str:
    """What these trials cost, in images: the currency in which searches with longer and shorter trials compare.

    `images` are those of the data set, which a trial sees that does not say otherwise.
    """
    if not runs:
        return ""
    seen = sum((run.spec.data.train_images or images) * len(run.epochs) for run in runs)
    seconds = sum(run.cost.training_seconds for run in runs if isinstance(run, RunRecord))
    return f"{plural(len(runs), 'trial')} saw {seen:,} images in {quantity(seconds, 'seconds')} of training."


def _value(value: object) -> str | int | float | bool | None:
    return value if value is None or isinstance(value, str | int | float) else parameter_text(value)


def _best_words(best: Trial | None) -> str:
    if best is None:
        return ""
    arguments = ", ".join(f"{name} = {parameter_text(value)}" for name, value in best.arguments.items())
    return f"trial {best.number} with {arguments}"


EPOCH_COLUMNS = (
    Reader[Epoch]("epoch", "Epoch", lambda epoch: epoch.epoch, "number"),
    Reader[Epoch]("train_loss", "Training loss", lambda epoch: epoch.train_loss, "metric:test_loss"),
    Reader[Epoch]("train_accuracy", "Training accuracy", lambda epoch: epoch.train_accuracy, "metric:train_accuracy"),
    Reader[Epoch]("val_loss", "Validation loss", lambda epoch: epoch.val_loss, "metric:test_loss"),
    Reader[Epoch]("val_accuracy", "Validation accuracy", lambda epoch: epoch.val_accuracy, "metric:val_accuracy"),
    Reader[Epoch]("duration_seconds", "Time", lambda epoch: epoch.duration_seconds, "seconds"),
)


def build_curve(epochs: Sequence[Epoch], of: str, anchor: str, csv: str) -> Table | None:
    """The epochs of the run `of` that name, up to where it ended."""
    if not epochs:
        return None
    return build_table(anchor, f"The curve until it failed ({of})", EPOCH_COLUMNS, epochs, csv)


def platforms(all_facts: Sequence[Facts]) -> tuple[str, ...]:
    """The machine classes that trained the runs."""
    return tuple(sorted({record.environment.platform for facts in all_facts for record in facts.records}))


def precisions(all_facts: Sequence[Facts]) -> tuple[str, ...]:
    """The number formats of the results."""
    return tuple(sorted({facts.published.precision for facts in all_facts if facts.published}))


def versions(all_facts: Sequence[Facts]) -> tuple[str, ...]:
    """The library versions that trained the runs; a library with two versions is named twice."""
    found = {pair for facts in all_facts for record in facts.records for pair in record.environment.versions.items()}
    return tuple(f"{name} {version}" for name, version in sorted(found))
