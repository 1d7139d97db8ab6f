"""What a notebook sees of its runs: look at them, keep pictures and numbers, publish."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from kerascnn.errors import NotebookError, UsageError
from kerascnn.notebooks.inside.publish import publish
from kerascnn.notebooks.inside.whereabouts import InPipeline, Whereabouts
from kerascnn.planning.search import published_search
from kerascnn.records import ArmRuns, DatasetInfo, Published, PublishedSearch, utc_now
from kerascnn.specs import METRICS, NOTEBOOK_METRICS, Arm, Precision, Study

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from kerascnn.planning.ledger import Ledger
    from kerascnn.plots.drawing.picture import Picture


class Results:
    """The runs of a study, all that there are. Made by `Study.run`."""

    def __init__(self, study: Study, here: Whereabouts, ledger: Ledger, dataset: DatasetInfo) -> None:
        self.study, self.dataset = study, dataset
        self._here, self._ledger = here, ledger
        self._pictures: list[Picture] = []
        self._numbers: dict[str, float] = {}
        self.measured: dict[str, dict[str, dict[int, float]]] = {}
        self.runs = ledger.keys(study)
        """Arm -> seed -> run key, for every run the study wants."""
        self._arms = ledger.arms(study, dataset)

    @property
    def chance(self) -> float:
        """The accuracy of answering at random: one over the number of classes."""
        return self.dataset.chance

    @property
    def precision(self) -> Precision:
        """The number format that every run of the study was trained in."""
        return self._ledger.setting.precision

    @property
    def search_path(self) -> Path:
        """Where a user's own model modules lie."""
        return self._ledger.search_path

    @property
    def arms(self) -> list[ArmRuns]:
        """Every trained arm with its runs, in the order of the study."""
        return [runs.with_measured(self.measured) for runs in self._arms]

    @property
    def found_arms(self) -> tuple[Arm, ...]:
        """The arms at their own best learning rate and the searches' winners, as far as they are known."""
        return self.study.found_arms(self._ledger)

    @property
    def rate_trials(self) -> dict[str, dict[float, ArmRuns]]:
        """Rate grid -> learning rate -> the runs that tried it."""
        setting, trials = self._ledger.setting, {}
        for grid in self.study.rate_grids:
            base = self.study.arm(grid.arm)
            trials[grid.name] = {
                rate: ArmRuns(
                    grid.trial_arm(base, rate),
                    {seed: record for seed, spec in runs.items() if (record := self._ledger.record(spec))},
                )
                for rate, runs in self.study.rate_trials(grid, setting).items()
            }
        return trials

    def rates_at_edge(self) -> tuple[str, ...]:
        """The tuned arms whose best rate is the smallest or the largest that was tried."""
        return tuple(
            grid.name
            for grid in self.study.rate_grids
            if self.study.best_rate(grid, self._ledger) in (min(grid.rates), max(grid.rates))
        )

    @property
    def searches(self) -> tuple[PublishedSearch, ...]:
        """The trials of every search with their scores."""
        return tuple(
            published_search(search, self._ledger.proposals(self.study, search), self._ledger, self._ledger.key)
            for search in self.study.searches
        )

    def select(self, *names: str) -> list[ArmRuns]:
        """The named arms, in the given order; a tuned arm is left out where the profile tries no rates.

        Raises: UsageError for an unknown name.
        """
        by_name = {runs.arm.name: runs for runs in self.arms}
        known = {grid.name for grid in self.study.rate_grids}
        names = tuple(name for name in names if name in by_name or name not in known)
        return [by_name[name] if name in by_name else ArmRuns(self.study.arm(name), {}) for name in names]

    def table(self, *metrics: str) -> pd.DataFrame:
        """One row for each run: arm, seed, outcome and the named metrics (all where none is named)."""
        import pandas as pd

        from kerascnn.stats.judging.effects import values_of

        names = metrics or tuple(METRICS)
        rows = [
            {"arm": runs.arm.name, "seed": seed, "outcome": record.outcome}
            | {name: values_of(runs, name).get(seed) for name in names}
            for runs in self.arms
            for seed, record in runs.records.items()
        ]
        return pd.DataFrame(rows, columns=["arm", "seed", "outcome", *names])

    def show(self, picture: Picture) -> Picture:
        """Keep a picture for the report, and give it back to be displayed. A cell run again replaces its own.

        Raises: NotebookError in the pipeline, where two pictures of one name mean that one would be lost.
        """
        others = [kept for kept in self._pictures if kept.name != picture.name]
        if isinstance(self._here, InPipeline) and len(others) < len(self._pictures):
            raise NotebookError(f"Two pictures are named {picture.name!r}. Give one another name with .named(...).")
        self._pictures = [*others, picture]
        return picture

    def note(self, name: str, value: float) -> float:
        """Keep a measured number for claims and takeaways."""
        self._numbers[name] = float(value)
        return self._numbers[name]

    def measure(self, metric: str, values: Mapping[str, Mapping[int, float]]) -> dict[str, dict[int, float]]:
        """Keep what the notebook measured of single runs: arm -> seed -> value of one of `NOTEBOOK_METRICS`.

        A value that is not finite counts as not measured.

        Raises: UsageError for a metric that is none of them.
        """
        if metric not in NOTEBOOK_METRICS:
            known = ", ".join(sorted(NOTEBOOK_METRICS))
            raise UsageError(f"A notebook may measure {known}. Received: {metric!r}.")
        self.measured[metric] = {
            arm: {seed: float(value) for seed, value in by_seed.items() if math.isfinite(value)}
            for arm, by_seed in values.items()
        }
        return self.measured[metric]

    def weights(self, arm: str, seed: int) -> dict[str, Any]:
        """The trained weights of one run: variable path -> float32 array."""
        return self._ledger.store.load_weights(self.runs[arm][seed])

    def predictions(self, arm: str, seed: int) -> dict[str, Any]:
        """What one run said about its test images, as `Store.load_predictions` gives it."""
        return self._ledger.store.load_predictions(self.runs[arm][seed])

    def publish(self, takeaways: Sequence[str] = ()) -> str:
        """Hand everything kept to the report: the notebook's last cell. Says where it went."""
        if self._here.nameless:
            return f"Not published: {self._here.nameless}"
        return publish(self._published(tuple(takeaways)), self._pictures, self._here)

    def _published(self, takeaways: tuple[str, ...]) -> Published:
        """The result without its pictures."""
        author = self._here.author()
        return Published(
            experiment=author.notebook.name,
            title=author.notebook.title,
            introduction=author.notebook.introduction,
            dataset=self.dataset,
            study=self.study,
            study_digest=self.study.digest,
            parameters=author.parameters,
            changed_parameters=author.changed_parameters,
            precision=self.precision,
            runs=self.runs,
            failed_runs=self.failed_keys(),
            found_arms=self.found_arms,
            rates_at_edge=self.rates_at_edge(),
            rate_trials=self.rate_trial_keys(),
            searches=self.searches,
            numbers={name: value if math.isfinite(value) else None for name, value in self._numbers.items()},
            measured=self.measured,
            image_errors=self.image_errors(),
            takeaways=takeaways,
            freshness=author.freshness,
            created_at=utc_now(),
        )

    def image_errors(self) -> dict[str, float]:
        """Claim -> standard error from the choice of test images, for each pair compared on test accuracy."""
        from kerascnn.stats.describing.image_error import image_error

        found = {
            claim.name: image_error(self._right_answers(*pair))
            for claim in self.study.claims
            if (pair := claim.pair()) and claim.metric == "test_accuracy"
        }
        return {name: error for name, error in found.items() if error is not None}

    def _right_answers(self, first: str, second: str) -> list[tuple[Any, Any]]:
        """For each seed that both arms have: which test images each of them was right about."""
        import numpy as np

        from kerascnn.data import open_dataset

        trained = {runs.arm.name: runs.records for runs in self.arms}
        seeds = sorted(trained.get(first, {}).keys() & trained.get(second, {}).keys())
        if not seeds:
            return []
        specs = [trained[arm][seeds[0]].spec for arm in (first, second)]
        contents = {spec.data.content for spec in specs}
        if len(contents) > 1:  # other images: nothing to pair
            return []
        if any(spec.task == "segmentation" for spec in specs):  # an image is neither right nor wrong
            return []
        labels = open_dataset(contents.pop()).test_labels
        load = self._ledger.store.load_predictions
        right: list[tuple[Any, Any]] = []
        images: Any = None
        for seed in seeds:
            pair = [load(trained[arm][seed].key) for arm in (first, second)]
            images = images if right else pair[0]["positions"]
            if all(np.array_equal(seen["positions"], images) for seen in pair):
                right.append(tuple(seen["classes"] == labels[images] for seen in pair))
        return right

    def failed_keys(self) -> tuple[str, ...]:
        """The keys of the runs that failed."""
        wanted = [*self.study.planned(self._ledger).values(), *self.study.all_rate_trials(self._ledger.setting)]
        return tuple(self._ledger.key(spec) for spec in wanted if self._ledger.record(spec) is None)

    def rate_trial_keys(self) -> tuple[str, ...]:
        """The keys of the runs that tried learning rates."""
        return tuple(map(self._ledger.key, self.study.all_rate_trials(self._ledger.setting)))
