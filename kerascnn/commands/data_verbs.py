"""`data` and `clean`: what lies on the disk."""

from __future__ import annotations

import shutil

from kerascnn.data import describe_sources, fetch, load_dataset, verify
from kerascnn.errors import DataError, StoreError
from kerascnn.places import reports_folder, store_folder
from kerascnn.store import Store


def show_data(choice: str | None) -> int:
    """The sources and decoded sets there are; with a choice, that set is decoded first."""
    if choice is not None:
        info = load_dataset(choice).info
        print(
            f"{info.title}: {info.train_images} + {info.test_images} images, {len(info.class_names)} classes, {info.content[:12]}"
        )
    for source in describe_sources():
        size = f"{source.size_bytes / 1e6:.1f} MB" if source.size_bytes is not None else "-"
        marks = [f"--data {source.choice}"] if source.choice else []
        marks += [f"content {source.content[:12]}"] if source.content else []
        marks += ["checksum verified"] if source.verified else []
        print(f"{source.title:44s} {size:>10s}  {'; '.join(marks)}\n    {source.where}")
    return 0


def fetch_data() -> int:
    """Download CIFAR-10 into the cache."""
    print(f"CIFAR-10 is in {fetch()}")
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
    """Delete rendered reports and temporaries. Runs are never deleted."""
    removed = 0
    reports = reports_folder()
    try:
        for path in sorted(reports.glob("*")):
            if path.name == "README.md":
                continue
            removed += 1
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()
    except OSError as err:
        raise StoreError(f"{reports} cannot be cleaned: {err}. Check its permissions.") from err
    Store(store_folder()).remove_temporaries()
    print(f"Removed {removed} entries from {reports.name}/ and the temporaries of the store. All runs are kept.")
    return 0
