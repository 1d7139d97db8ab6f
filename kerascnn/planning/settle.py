"""What a study runs on: its data, its precision and the place of its runs; and whether anything is left to train."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

from kerascnn.errors import DataError
from kerascnn.identity import Origin
from kerascnn.machine import native_precision
from kerascnn.planning.ledger import Ledger, SeedsPolicy, first_look
from kerascnn.records import DatasetInfo
from kerascnn.specs import Precision, Study, TrainSpec
from kerascnn.specs.setting import Setting
from kerascnn.store import Store


def load_info(choice: str | None, companions: Iterable[str]) -> DatasetInfo:
    """What is known about the chosen data set, with the companions that are at hand."""
    from kerascnn.data import load_dataset, with_companions

    return with_companions(load_dataset(choice).info, companions, choice)


def check_data(dataset: DatasetInfo, choice: str | None) -> None:
    """Compare the decoded images that are about to be trained on with their content hash, which is in every run's key.

    A set that differs is decoded again from where it came from (`choice`, as for `load_info`).
    Raises: DataError when it cannot be, or when its source now gives other images.
    """
    from kerascnn.data import verify

    for info in (dataset, *dataset.companions.values()):
        try:
            verify(info.content)
        except DataError as damage:
            print(f"{info.title}: {damage}\nIt is decoded again.", file=sys.stderr, flush=True)
            load_info(choice, dataset.companions)
            verify(info.content)


def dataset_setting(dataset: DatasetInfo, precision: Precision, companions: tuple[str, ...] = ()) -> Setting:
    """What a study is run on: the data set, with those of its companions that are at hand."""
    return Setting(
        content=dataset.content,
        train_images=dataset.train_images,
        precision=precision,
        companions={
            n: dataset_setting(dataset.companions[n], precision) for n in companions if n in dataset.companions
        },
    )


def open_ledger(
    study: Study,
    dataset: DatasetInfo,
    store: Store,
    search_path: Path,
    origin: Origin | None,
    *,
    retry_failures: bool,
    like: Ledger | None = None,
    seeds: SeedsPolicy = first_look,
) -> Ledger:
    """The study's results made on this machine, or at `origin`; `like` and `seeds` as for `Ledger`."""
    precision = study.precision or (origin.precision if origin else native_precision())
    setting = dataset_setting(dataset, precision, study.companions)
    return Ledger(store, setting, search_path, retry_failures=retry_failures, origin=origin, like=like, seeds=seeds)


def choose_origin(
    study: Study, dataset: DatasetInfo, store: Store, search_path: Path, seeds: SeedsPolicy = first_look
) -> Origin | None:
    """Where the study's runs are from: None for this machine, another where only that one's are complete.

    Runs of different classes of machines are never mixed: their seeds do not pair.
    """
    here = open_ledger(study, dataset, store, search_path, None, retry_failures=True, seeds=seeds)
    if is_settled(study, here):
        return None
    wanted: dict[Precision, list[TrainSpec]] = {}
    for origin in store.origins():
        there = open_ledger(study, dataset, store, search_path, origin, retry_failures=True, like=here, seeds=seeds)
        if there.setting.precision not in wanted:
            wanted[there.setting.precision] = list(study.grid(there.setting).values())
        # Most origins lack the first run already: nothing else is asked of them.
        if all(there.record(spec) is not None for spec in wanted[there.setting.precision]) and is_settled(study, there):
            return origin
    return None


def is_settled(study: Study, ledger: Ledger) -> bool:
    """Whether nothing is left to train or to ask an oracle for."""
    return not study.next_specs(ledger) and not ledger.requests
