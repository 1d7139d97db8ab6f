"""Where it goes wrong: which classes each arm takes for which, with the pictures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from kerascnn.records import ArmRuns
from kerascnn.report.facts.report_inputs import Answers, ImageSet, ReportInputs
from kerascnn.report.facts.results import Facts
from kerascnn.report.parts.elements import Measures
from kerascnn.report.parts.errors import ArmErrors, Confusion, ErrorGallery, MatrixCell, MatrixRow, Tile
from kerascnn.report.pictures.sheets import PictureSheet, tile_side
from kerascnn.report.tables.columns import MeasureReader, build_measures
from kerascnn.report.text.links import anchor_of
from kerascnn.specs import Comparison
from kerascnn.stats import seeds_text
from kerascnn.stats.describing.confusions import (
    ConfusionChange,
    compare_confusions,
    confused_images,
    confusion_matrix,
    frequent_confusions,
    shares_by_truth,
)

if TYPE_CHECKING:
    import numpy as np

PICTURES = 8
"""Pictures of one confusion."""

CONFUSIONS = 5
"""Confusions of one arm that are shown in pictures."""

CHANGES = 6
"""Confusions in which two arms differ most."""

MOST_CLASSES = 20
"""A matrix of more classes than this is no longer read; the pictures are."""

SHADES = (0.02, 0.05, 0.1, 0.2, 0.4)
"""Shares from which a wrong answer's cell is one shade darker."""


@dataclass(frozen=True)
class _Scored:
    """An arm's answers by seed, about the test images of one data set."""

    runs: ArmRuns
    content: str
    images: ImageSet
    answers: dict[int, Answers]

    @cached_property
    def matrices(self) -> dict[int, np.ndarray]:
        """Seed -> int (true class, class that was said)."""
        labels, classes = self.images.labels, len(self.images.class_names)
        return {
            seed: confusion_matrix(labels[given.positions], given.classes, classes)
            for seed, given in self.answers.items()
        }

    @cached_property
    def matrix(self) -> np.ndarray:
        """The matrices of all seeds added up."""
        import numpy as np

        return np.sum(list(self.matrices.values()), axis=0)


def build_gallery(inputs: ReportInputs, facts: Facts) -> tuple[ErrorGallery | None, dict[str, bytes]]:
    """The section of an experiment's page and the file with its pictures; None where no claim names a trained arm
    that gives images a class."""
    claims = facts.published.study.claims if facts.published else ()
    names = dict.fromkeys(name for claim in claims for name in claim.arm_names())
    arms = [facts.arms[name] for name in names if name in facts.arms and facts.arms[name].records]
    wanted = [runs for runs in arms if runs.arm.task == "classification"]
    if not wanted:
        return None, {}
    image_sets = _load_image_sets(inputs, wanted)
    scored = {runs.arm.name: one for runs in wanted if (one := _load_scored(inputs, runs, image_sets))}
    sheet = _new_sheet(facts, [one.images for one in scored.values()])
    taken: set[str] = set()
    gallery = ErrorGallery(
        arms=tuple(_build_arm(facts, one, sheet, taken) for one in scored.values()),
        differences=tuple(_differences(facts, scored)),
        missing=tuple(_missing(inputs, wanted, scored, image_sets)),
        sheet=sheet.sheet(),
    )
    return gallery, {sheet.href: sheet.to_jpeg()} if gallery.sheet else {}


def _load_image_sets(inputs: ReportInputs, wanted: Sequence[ArmRuns]) -> dict[str, ImageSet]:
    contents = dict.fromkeys(_content(runs) for runs in wanted)
    found = {content: inputs.load_images(content) for content in contents}
    return {content: images for content, images in found.items() if images is not None}


def _content(runs: ArmRuns) -> str:
    """The data set that the arm is scored on: all of its seeds have one."""
    return next(iter(runs.records.values())).spec.data.content


def _load_scored(inputs: ReportInputs, runs: ArmRuns, image_sets: dict[str, ImageSet]) -> _Scored | None:
    images = image_sets.get(_content(runs))
    if images is None:
        return None
    found = {seed: inputs.load_answers(record.key) for seed, record in runs.records.items()}
    answers = {seed: given for seed, given in found.items() if given is not None}
    return _Scored(runs, _content(runs), images, answers) if answers else None


def _new_sheet(facts: Facts, image_sets: Sequence[ImageSet]) -> PictureSheet:
    side = max((tile_side(*images.images.shape[1:3]) for images in image_sets), default=0)
    return PictureSheet(f"pictures/{facts.entry.page_stem}.jpg", side)


def _missing(
    inputs: ReportInputs, wanted: Sequence[ArmRuns], scored: dict[str, _Scored], image_sets: dict[str, ImageSet]
) -> Iterator[str]:
    """What the section lacks, a sentence each."""
    if any(_content(runs) not in image_sets for runs in wanted):
        yield (
            "The test images are not on this machine, so wrong answers cannot be shown."
            f" This command loads them and renders the report again: {inputs.command} report"
        )
    for runs in wanted:
        one = scored.get(runs.arm.name)
        lost = len(runs.records) - (len(one.answers) if one else 0)
        if _content(runs) in image_sets and lost:
            yield f"{runs.arm.label}: the store does not have the answers of {seeds_text(lost)}."


def _build_arm(facts: Facts, one: _Scored, sheet: PictureSheet, taken: set[str]) -> ArmErrors:
    arm = one.runs.arm
    anchor = anchor_of("errors", arm.name, taken)
    answers = int(one.matrix.sum())
    confusions = {pair: _confusion(one, pair, anchor, sheet) for pair in frequent_confusions(one.matrix, CONFUSIONS)}
    is_readable = len(one.images.class_names) <= MOST_CLASSES
    return ArmErrors(
        anchor=anchor,
        label=arm.label,
        tone=facts.tones[arm.name],
        seeds=len(one.answers),
        answers=answers,
        wrong=1.0 - float(one.matrix.trace()) / max(1, answers),
        classes=one.images.class_names,
        rows=tuple(_matrix_rows(one, confusions)) if is_readable else (),
        confusions=tuple(confusions.values()),
    )


def _matrix_rows(one: _Scored, confusions: dict[tuple[int, int], Confusion]) -> Iterator[MatrixRow]:
    shares = shares_by_truth(one.matrix)
    names = one.images.class_names
    for truth, name in enumerate(names):
        cells = (
            MatrixCell(
                share=float(shares[truth, said]),
                shade="right" if said == truth else shade_of(float(shares[truth, said])),
                said=names[said],
                href=f"#{confusions[truth, said].anchor}" if (truth, said) in confusions else None,
            )
            for said in range(len(names))
        )
        yield MatrixRow(name, tuple(cells))


def shade_of(share: float) -> str:
    """The look of a wrong answer that makes up `share` of the answers about a class."""
    return f"shade-{sum(share >= least for least in SHADES)}"


def _confusion(one: _Scored, pair: tuple[int, int], anchor: str, sheet: PictureSheet) -> Confusion:
    truth, said = (one.images.class_names[place] for place in pair)
    return Confusion(
        anchor=f"{anchor}-{pair[0]}-{pair[1]}",
        truth=truth,
        said=said,
        count=int(one.matrix[pair]),
        share=float(shares_by_truth(one.matrix)[pair]),
        tiles=tuple(_tiles(one, pair, sheet)),
    )


def _tiles(one: _Scored, pair: tuple[int, int], sheet: PictureSheet) -> Iterator[Tile]:
    truth, said = (one.images.class_names[place] for place in pair)
    runs = [(given.positions, given.classes) for given in one.answers.values()]
    for position, seeds in confused_images(one.images.labels, runs, pair, PICTURES):
        words = f"{truth} taken for {said} by {seeds} of {seeds_text(len(runs))}"
        yield sheet.tile(one.content, one.images, position, words)


def _differences(facts: Facts, scored: dict[str, _Scored]) -> Iterator[Measures]:
    """A table for each comparison of two arms on test accuracy; of the seeds that both have."""
    for claim in facts.published.study.claims if facts.published else ():
        if not isinstance(claim, Comparison) or claim.metric != "test_accuracy":
            continue
        first, second = scored.get(claim.arm), scored.get(claim.baseline)
        if first and second and first.content == second.content:
            yield from _difference(first, second)


def _difference(first: _Scored, second: _Scored) -> Iterator[Measures]:
    seeds = [seed for seed in first.matrices if seed in second.matrices]
    changes = compare_confusions(
        [first.matrices[seed] for seed in seeds], [second.matrices[seed] for seed in seeds], CHANGES
    )
    if changes:
        caption = f"{first.runs.arm.label} (the arm) against {second.runs.arm.label} (the baseline)"
        names = first.images.class_names
        columns = tuple(_change_columns(names, len(seeds)))
        yield build_measures(caption, "True class", lambda change: names[change.truth], columns, changes)


def _change_columns(names: Sequence[str], seeds: int) -> Iterator[MeasureReader[ConfusionChange]]:
    yield MeasureReader("taken for", "text", lambda change: names[change.said])
    yield MeasureReader("arm", "share", lambda change: change.share)
    yield MeasureReader("baseline", "share", lambda change: change.baseline_share)
    yield MeasureReader("arm more often in", "text", lambda change: f"{change.seeds_with_more} of {seeds_text(seeds)}")
