"""`data` and `clean`: decoded sets, and what reports leave on the disk."""

from __future__ import annotations

from kerascnn.commands.folders import clean_reports
from kerascnn.commands.tables import print_table
from kerascnn.data import FETCHED, describe_sources, fetch, load_dataset, verify
from kerascnn.data.inventory import DataSource
from kerascnn.errors import DataError
from kerascnn.ownership.scratch import sweep_scratch
from kerascnn.ownership.without_links import kind_of
from kerascnn.places import store_folder
from kerascnn.store import Store, writing_to


def show_data(choice: str | None) -> int:
    """The sources and decoded sets there are; with a choice, that set is decoded first."""
    if choice is not None:
        info = load_dataset(choice).info
        print(
            f"{info.title}: {info.train_images} + {info.test_images} images, {len(info.class_names)} classes, {info.content[:12]}"
        )
    print_table(list(map(_row, describe_sources())), ("Set", "Size", "Notes", "Where"), right=(1,))
    return 0


def _row(source: DataSource) -> tuple[str, ...]:
    size = f"{source.size_bytes / 1e6:.1f} MB" if source.size_bytes is not None else "-"
    notes = [f"--data {source.choice}"] if source.choice else []
    notes += [f"content {source.content[:12]}"] if source.content else []
    notes += ["checksum verified"] if source.verified else []
    return source.title, size, "; ".join(notes), str(source.where)


def fetch_data() -> int:
    """Download CIFAR-10 and MNIST into the cache."""
    for title in FETCHED:
        print(f"{title} is in {fetch(title)}", flush=True)
    return 0


def verify_data() -> int:
    """Compare every decoded set with its content hash; a damaged one is removed, to be decoded anew."""
    damaged = 0
    for content in sorted({source.content for source in describe_sources() if source.content}):
        try:
            verify(content)
            print(f"{content[:12]}  sound")
        except DataError as err:
            damaged += 1
            print(f"{content[:12]}  {err}")
    return DataError.exit_code if damaged else 0


def clean() -> int:
    """Delete what a report wrote into the reports folder, and temporaries. Runs and the user's files are never deleted."""
    shared, removed = clean_reports()
    store = Store(store_folder())
    with writing_to(store.root):
        if kind_of(store.root, "_tmp") == "folder":  # a link there leads to somebody's files
            store.remove_temporaries()
    sweep_scratch()
    print(
        f"Removed {removed} report files from {shared.path.name}/ and the temporary files of the store. All runs are kept."
    )
    return 0
