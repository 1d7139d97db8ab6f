"""The page of one run: what was asked for, how it went, what it cost, how to ask again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from kerascnn.records import Epoch, LayerProbe, Probe, RunFailure, RunRecord, Score
from kerascnn.report.facts.results import why_command
from kerascnn.report.facts.status import DIVERGED, FAILED
from kerascnn.report.facts.uses import Use
from kerascnn.report.parts.elements import Command, Failure, Link, Mark, Measure, MeasureRow, Measures, Property, Shell
from kerascnn.report.parts.pages import RunPage
from kerascnn.report.parts.run import Amount, RunUse, SpecField
from kerascnn.report.pictures.curves import build_curves
from kerascnn.report.tables.columns import MeasureReader, build_measures
from kerascnn.report.tables.diagnoses import describe_run
from kerascnn.report.tables.differences import setting_text
from kerascnn.report.text.clean import strip_terminal_codes
from kerascnn.report.text.words import field_words
from kerascnn.specs import TrainSpec

STATUS = {"finished": Mark("finished", "done"), "diverged": DIVERGED}

EPOCH_COLUMNS = (
    MeasureReader[Epoch]("Training loss, nats", "number", lambda epoch: epoch.train_loss),
    MeasureReader[Epoch]("Training accuracy", "metric:train_accuracy", lambda epoch: epoch.train_accuracy),
    MeasureReader[Epoch]("Validation loss, nats", "number", lambda epoch: epoch.val_loss),
    MeasureReader[Epoch]("Validation accuracy", "metric:val_accuracy", lambda epoch: epoch.val_accuracy),
    MeasureReader[Epoch]("Learning rate", "number", lambda epoch: epoch.learning_rate),
    MeasureReader[Epoch]("Time", "seconds", lambda epoch: epoch.duration_seconds),
)

_Scored = tuple[str, Score]
SCORE_COLUMNS = (
    MeasureReader[_Scored]("Accuracy", "metric:test_accuracy", lambda scored: scored[1].accuracy),
    MeasureReader[_Scored]("Loss, nats", "number", lambda scored: scored[1].loss),
    MeasureReader[_Scored]("Images", "count", lambda scored: scored[1].images),
)
PROBE_COLUMNS = {
    "activation_std_across_examples": Measure("Spread over images", "number"),
    "gradient_norm": Measure("Gradient norm", "number"),
    "update_ratio": Measure("Step over weights", "number"),
    "dead_share": Measure("Dead units", "percent"),
    "saturated_share": Measure("Saturated values", "percent"),
}
LIMITS = {"data.train_images", "data.val_images", "data.test_images"}
MOMENTS = {"initial": "before", "final": "after"}


def build_run_page(result: RunRecord | RunFailure, uses: Sequence[Use], shell: Shell, command: str) -> RunPage:
    """The page of `result`, which counts at `uses`; `command` is the report's command line."""
    record, failure = (result, None) if isinstance(result, RunRecord) else (None, result)
    chance = uses[0].chance
    return RunPage(
        shell=shell,
        title=title_of(uses),
        key=result.key,
        status=STATUS[record.outcome] if record else FAILED,
        uses=tuple(_use(use, shell.root) for use in uses),
        remarks=describe_run(result, chance),
        scores=_scores(record) if record else None,
        curves=build_curves(result.epochs, result.spec.epochs, chance),
        epochs=_epochs(result.epochs) if result.epochs else None,
        layers=_layers(record.probes) if record else None,
        amounts=tuple(_amounts(record)) if record else (),
        settings=build_spec_fields(result.spec),
        environment=_environment(record) if record else (),
        failure=_failure(failure, uses) if failure else None,
        commands=_commands(uses, command),
    )


def title_of(uses: Sequence[Use]) -> str:
    """What the run is called: by the first place where it counts."""
    words = uses[0].words
    return words[:1].upper() + words[1:]


def _use(use: Use, root: str) -> RunUse:
    return RunUse(use.facts.entry.title, Link(use.words, f"{root}{use.place}"))


def _scores(record: RunRecord) -> Measures:
    scores = (("Training", record.train), ("Validation", record.val), ("Test", record.test))
    return build_measures(
        "After the last epoch, in inference mode", "On", lambda scored: scored[0], SCORE_COLUMNS, scores
    )


def _epochs(epochs: Sequence[Epoch]) -> Measures:
    return build_measures("Every epoch", "Epoch", lambda epoch: epoch.epoch, EPOCH_COLUMNS, epochs)


def _layers(probes: Sequence[Probe]) -> Measures | None:
    """A row for each layer: every measure that at least one of them has, before training and after it."""
    columns: dict[Measure, dict[str, float | None]] = {}
    for name, measure in PROBE_COLUMNS.items():
        for probe in probes:
            values = {_layer_words(layer): getattr(layer, name) for layer in probe.layers}
            if any(value is not None for value in values.values()):
                columns[Measure(f"{measure.label} {MOMENTS[probe.moment]}", measure.unit)] = values
    heads = dict.fromkeys(_layer_words(layer) for probe in probes for layer in probe.layers)
    if not heads:
        return None
    rows = tuple(MeasureRow(head, tuple(values.get(head) for values in columns.values())) for head in heads)
    return Measures("Layers before and after training", "Layer", tuple(columns), rows)


def _layer_words(layer: LayerProbe) -> str:
    return ", ".join(filter(None, (layer.layer, layer.kind, layer.activation)))


def _amounts(record: RunRecord) -> Iterator[Amount]:
    cost = record.cost
    yield Amount("Whole run", cost.duration_seconds, "seconds")
    yield Amount("Training", cost.training_seconds, "seconds")
    yield Amount("Images per second", cost.images_per_second, "count")
    yield Amount("Parameters", cost.parameters, "count")
    yield Amount("Multiply-adds per image", cost.multiply_adds, "short")
    yield Amount("Peak memory", cost.peak_memory_bytes, "bytes")
    for probe in record.probes:
        when = "before" if probe.moment == "initial" else "after"
        yield Amount(f"Loss on the probed images {when} training, nats", probe.loss, "number")


def build_spec_fields(spec: TrainSpec) -> tuple[SpecField, ...]:
    """Every field of the spec: first those that were set, then those at their default."""
    chosen = set(_paths("", spec.to_dict()))
    settings = [
        SpecField(field_words(name), _plain(name, value), name not in chosen) for name, value in spec.flat().items()
    ]
    return tuple(sorted(settings, key=lambda setting: setting.is_default))


def _paths(path: str, values: Mapping[str, Any]) -> Iterator[str]:
    for name, value in values.items():
        inner = f"{path}.{name}" if path else name
        if isinstance(value, dict) and value:
            yield from _paths(inner, value)
        else:
            yield inner


def _plain(name: str, value: Any) -> str | float:
    if value is None and name in LIMITS:
        return "all"
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return value if is_number else setting_text(value)


def _environment(record: RunRecord) -> tuple[Property, ...]:
    environment = record.environment
    versions = ", ".join(f"{name} {version}" for name, version in sorted(environment.versions.items()))
    return (
        Property("Finished", (environment.finished_at,), "date"),
        Property("Machine class", (environment.platform,)),
        Property("Precision", (environment.precision,)),
        Property("Versions", (versions,)),
        Property("Weights, SHA-256", (record.weights_sha256,), "key"),
    )


def _failure(failure: RunFailure, uses: Sequence[Use]) -> Failure:
    return Failure(
        anchor="failure",
        what="The run failed",
        reason=failure.reason,
        traceback=strip_terminal_codes(failure.traceback),
        failed_at=failure.failed_at,
        command=uses[0].facts.command,
        curve=None,
        link=None,
    )


def _commands(uses: Sequence[Use], command: str) -> tuple[Command, ...]:
    why = dict.fromkeys(why_command(command, use.facts.entry, use.arm) for use in uses)
    again = dict.fromkeys(use.facts.command for use in uses)
    return (
        Command("See why this run is in the store, or why not", "\n".join(why)),
        Command("Make the result again (stored runs are not trained again)", "\n".join(again)),
    )
