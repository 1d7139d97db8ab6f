"""`store`: what the store has; checked, exported, handed on."""

from __future__ import annotations

import sys
from collections import Counter
from typing import Any

import msgspec

from kerascnn.commands.export_files import export_folder, table_files
from kerascnn.commands.folders import say_others
from kerascnn.commands.removing import describe_origin
from kerascnn.commands.tables import print_table
from kerascnn.data.cache import cached_entries
from kerascnn.errors import StoreError
from kerascnn.execution.shapes import ModelShapes
from kerascnn.identity import origin_of
from kerascnn.places import experiments_folder, path_of, store_folder
from kerascnn.records import RunRecord
from kerascnn.spelling import counted, noun, printable, spell_size
from kerascnn.store import Store, names_in
from kerascnn.store.archive import Accepted, add, pack


def show() -> int:
    """Size and contents, by data set and model, and which of it came from other machines."""
    store = Store(store_folder())
    identities = store.identities()
    sizes = {key: store.size_bytes(key) for key in identities}
    print(f"{store.root}: {counted(len(identities), 'run')}, {spell_size(sum(sizes.values()))}")
    kinds = Counter((i.spec.data.content[:12], i.spec.model.builder, i.platform) for i in identities.values())
    rows = [(str(n), builder, f"data {content}", platform) for (content, builder, platform), n in sorted(kinds.items())]
    print_table(rows, ("Runs", "Model", "Data", "Class of machines"), right=(0,), indent=2)
    _show_others(store, Counter(origin_of(identity).name for identity in identities.values()))
    return 0


def _show_others(store: Store, origins: Counter[str]) -> None:
    """What came from other machines, and what lies beside the runs."""
    rows = [(str(origins[o.name]), f"taken in from {o.name}: {describe_origin(o)}") for o in store.origins()]
    for folder, what in (("_damaged", "set aside, because damaged or replaced"), ("_failures", "failed")):
        found = names_in(store.root / folder)
        rows += [(str(len(found)), f"{what} ({store.root / folder})")] if found else []
    print_table(rows, ("Runs", "Others"), right=(0,), indent=2)


def verify() -> int:
    """Check every entry down to its last bit; a damaged one is set aside, to be trained again."""
    store = Store(store_folder())
    keys = store.keys()
    damaged = [key for key in keys if not store.verify(key)]
    still_there = set(store.keys())
    for key in damaged:
        reason = printable(store.damage.get(key, "it was removed in the meantime"))
        where = (
            "left where it is: the store cannot be written"
            if key in still_there
            else f"set aside in {store.root / '_damaged'}"
        )
        print(f"{store.root / key}  damaged: {reason}; {where}. The next `all` trains it again.")
    print(f"Sound: {len(keys) - len(damaged)} of {counted(len(keys), 'run')}.")
    return StoreError.exit_code if damaged else 0


def export(target: str) -> int:
    """All runs and all their epochs as tables, CSV and Parquet, in a folder.

    A column with values of several kinds (kernels: 64 in one run, a list in another) holds the JSON of each, in both
    formats. In CSV a text that a spreadsheet would run as a formula is preceded by an apostrophe.
    """
    store, folder = Store(store_folder()), export_folder(target)
    records = [record for record in map(store.load, store.keys()) if record is not None]
    runs = [_run_row(record) for record in records]
    epochs = [{"key": record.key, **msgspec.structs.asdict(epoch)} for record in records for epoch in record.epochs]
    files = {**table_files("runs", runs), **table_files("epochs", epochs)}
    with folder.writer():
        folder.write(files)
    say_others(folder)
    print(f"Exported {counted(len(records), 'run')} to {folder.path}: {', '.join(files)}")
    return 0


def pack_runs(target: str) -> int:
    """Every sound run in one file, for others to take in."""
    store, path = Store(store_folder()), path_of(target, "The pack")
    count = pack(store, store.keys(), path)
    print(f"Packed {counted(count, 'run')} into {target} ({spell_size(path.stat().st_size)}).")
    return 0


def add_runs(source: str) -> int:
    """Take in the runs of a pack, each of them checked."""
    store, path = Store(store_folder()), path_of(source, "The pack")
    datasets = {entry.info.content: entry.info for entry in cached_entries()}
    with ModelShapes(store.worker_log(), experiments_folder()) as shapes:
        taken = add(store, path, datasets, shapes)
    known = f"{len(taken.known)} {noun(len(taken.known), 'was', 'were')} already here"
    print(f"Took in {counted(len(taken.added), 'run')}; {known}.")
    for name, reason in taken.refused.items():
        print(printable(f"{path}: refused {name}: {reason}."), file=sys.stderr)
    print(_after_adding(taken))
    return StoreError.exit_code if taken.refused else 0


def _after_adding(taken: Accepted) -> str:
    """What to do next."""
    if not taken.added and not taken.known:
        return "The store is unchanged. Ask for the pack again, or train the runs here: `python pipeline.py all`."
    if not taken.added:
        return "The store is unchanged: `python pipeline.py plan` says what is still to train."
    return (
        "Next: `python pipeline.py plan` says which experiments they serve (those whose runs all come from one class "
        "of machines). `python pipeline.py all` trains what is still missing and shows them in the report."
    )


def _run_row(record: RunRecord) -> dict[str, Any]:
    """One run as a row: its spec, scores, cost and environment, nested fields by their path."""
    row = {"key": record.key, "outcome": record.outcome, "epochs_run": len(record.epochs)}
    row |= record.spec.flat()
    for part in ("train", "val", "test", "cost", "environment"):
        row |= {f"{part}.{name}": value for name, value in getattr(record, part).flat().items()}
    row["weights_sha256"] = record.weights_sha256
    return row
