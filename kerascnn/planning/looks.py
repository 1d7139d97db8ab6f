"""How many seeds each arm is to have: those of the first look, and more while a claim about it is open.

Whether a claim is open follows from runs and from nothing else, so the same runs always ask for the same next ones.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from kerascnn.planning.ledger import Ledger
from kerascnn.records import ArmRuns, DatasetInfo, Published
from kerascnn.specs import Study, Wanted, is_measured_by_notebook
from kerascnn.specs.seeds import schedule
from kerascnn.stats import Judgement, judge_all
from kerascnn.stats.judging.cautions import is_counted


class WhileOpen:
    """After each look, the arms of claims that cannot be told yet get the seeds of the next.

    `published` gives the notebook's last result, where there is one: what it measured itself is looked at too.
    """

    def __init__(self, dataset: DatasetInfo, published: Callable[[], Published | None] = lambda: None) -> None:
        self._dataset, self._published = dataset, published
        self._latest: dict[str, dict[str, int]] = {}
        """Study -> the seeds of its latest look: no earlier one is judged again."""
        self._complete: dict[str, dict[str, int]] = {}
        """Study -> the seeds of the latest look whose runs are all there."""
        self._judged: dict[tuple[str, frozenset[tuple[str, int]]], dict[str, int]] = {}
        """Study and seeds of a look -> the seeds of the next."""

    def __call__(self, study: Study, ledger: Ledger) -> Mapping[str, int]:
        seeds = self._latest.get(study.digest, {})
        while _is_complete(study, ledger, seeds):
            self._complete[study.digest] = seeds
            more = seeds | self._more(study, ledger, seeds)
            if more == seeds:
                break
            self._latest[study.digest] = seeds = more
        return seeds

    def complete(self, study: Study, ledger: Ledger) -> Mapping[str, int]:
        """The seeds of the latest look whose runs are all there; those of the first where none is."""
        self(study, ledger)
        return self._complete.get(study.digest, {})

    def _more(self, study: Study, ledger: Ledger, seeds: Mapping[str, int]) -> dict[str, int]:
        """The seeds of the next look, judged once for the same runs.

        Where a claim is about what the notebook measures, nobody knows them before it has been executed with these runs.
        """
        known = study.digest, frozenset(seeds.items())
        if known not in self._judged:
            is_asked = any(map(is_measured_by_notebook, study.judged_claims))
            published = self._published() if is_asked else None
            runs = ledger.arms_of(study, _wanted(study, ledger, seeds), self._dataset)
            if is_asked and not _shows(published, runs):
                return {}
            self._judged[known] = _seeds_of_next_look(study, seeds, self._judge(study, runs, published))
        return self._judged[known]

    def _judge(self, study: Study, runs: Iterable[ArmRuns], published: Published | None) -> dict[str, Judgement]:
        arms = {one.arm.name: one.with_measured(published.measured if published else {}) for one in runs}
        return judge_all(study.judged_claims, arms, self._dataset.chance, {}, study.looks_of, study.profile, study.main)


def seeds_at_rest(study: Study, ledger: Ledger) -> Mapping[str, int]:
    """The seeds of the latest look whose runs are all there, where later ones are still to be trained."""
    policy = ledger.seeds
    return policy.complete(study, ledger) if isinstance(policy, WhileOpen) else policy(study, ledger)


class AsTold:
    """The seeds by arm that somebody else settled; other arms have those of the first look."""

    def __init__(self, seeds: Mapping[str, int]) -> None:
        self._seeds = dict(seeds)

    def __call__(self, study: Study, ledger: Ledger) -> Mapping[str, int]:
        return self._seeds


def as_stored(study: Study, ledger: Ledger) -> Mapping[str, int]:
    """The seeds of the first look, or of a later one where all of an arm's runs for it are in the store."""
    stored: dict[str, int] = {}
    for one in study.with_seeds(study.most_seeds_of, ledger):
        name = one.arm.name
        is_next = stored.setdefault(name, 0) == one.place - 1
        stored[name] += is_next and ledger.record(one.spec) is not None
    return {
        name: max(
            (look.seeds for look in schedule(study.first_seeds, study.most_seeds_of(name)) if look.seeds <= count),
            default=study.first_seeds,
        )
        for name, count in stored.items()
    }


def runs_that_may_follow(study: Study, ledger: Ledger) -> list[Wanted]:
    """The runs of all later looks, were no claim decided whose latest look is not done. None once there is nothing to train."""
    seeds = dict(ledger.seeds_by_arm(study))
    if _is_complete(study, ledger, seeds):
        return []
    latest = max(seeds.values(), default=study.first_seeds)
    most: dict[str, int] = {}
    for claim in study.judged_claims:
        names, last = claim.arm_names(), study.looks_of(claim)[-1].seeds
        if (
            names
            and not is_counted(claim.metric)
            and min(seeds.get(name, study.first_seeds) for name in names) >= min(latest, last)
        ):
            most |= {name: max(last, most.get(name, 0), seeds.get(name, 0)) for name in names}
    now = {(one.arm.name, one.seed) for one in _wanted(study, ledger, seeds)}
    return [one for one in _wanted(study, ledger, seeds | most) if (one.arm.name, one.seed) not in now]


def _shows(published: Published | None, runs: Iterable[ArmRuns]) -> bool:
    """Whether the notebook has been executed with these very runs."""
    keys = {(one.arm.name, seed): record.key for one in runs for seed, record in one.records.items()}
    return published is not None and all(
        published.runs.get(arm, {}).get(seed) == key for (arm, seed), key in keys.items()
    )


def _wanted(study: Study, ledger: Ledger, seeds: Mapping[str, int]) -> list[Wanted]:
    return study.with_seeds(lambda arm: seeds.get(arm, study.first_seeds), ledger)


def _is_complete(study: Study, ledger: Ledger, seeds: Mapping[str, int]) -> bool:
    """Whether every run of a look is there, and everything that some of its arms follow from."""
    runs = [*study.all_rate_trials(ledger.setting), *(one.spec for one in _wanted(study, ledger, seeds))]
    searched = (ledger.proposals(study, search).complete for search in study.searches)
    return all(map(ledger.is_settled, runs)) and all(searched)


def _seeds_of_next_look(study: Study, seeds: Mapping[str, int], judged: Mapping[str, Judgement]) -> dict[str, int]:
    """Arm -> its seeds at the next look of an open claim, for the arms of all open ones that have another look."""
    more: dict[str, int] = {}
    for claim in study.judged_claims:
        if judged[claim.name].verdict != "cannot tell":
            continue
        fewest = min(seeds.get(name, study.first_seeds) for name in claim.arm_names())
        following = next((look.seeds for look in study.looks_of(claim) if look.seeds > fewest), None)
        if following is not None:
            more |= {
                name: max(following, more.get(name, 0), seeds.get(name, study.first_seeds))
                for name in claim.arm_names()
            }
    return more
