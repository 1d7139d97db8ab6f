"""How the Hugging Face Hub and its cache lay out a set's parquet files.

train-00000-of-00001.parquet, test-..., in the folder itself, or in `data`, `plain_text` or the folder of a configuration
<configuration>/train/0000.parquet, <configuration>/test/0000.parquet        the files that the Hub converts itself
<name>-train.parquet, <name>-test.parquet                                    the same, some years ago
datasets--<owner>--<name>/snapshots/<commit>/...                             the cache, whose files are links
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from kerascnn.data.naming import Part, part_of
from kerascnn.errors import DataError
from kerascnn.foreign.litter import is_litter
from kerascnn.foreign.reading import first_bytes

_CONFIGURATIONS = ("data", "plain_text", "default", "parquet")
_LONGEST_LINK = 200
_SHARD = re.compile(r"-(\d+)-of-(\d+)")


@dataclass(frozen=True)
class Parts:
    """The parquet files of a set; `unused` are those of other parts."""

    train: tuple[Path, ...]
    test: tuple[Path, ...]
    unused: tuple[Path, ...]


def in_cache(path: Path) -> Path:
    """The snapshot in `path`, where that is a repository's folder in the cache; else `path`.

    Raises: DataError when there is none, or several and none is the main one.
    """
    snapshots = path / "snapshots"
    if not path.name.startswith("datasets--") or not snapshots.is_dir():
        return path
    found = sorted(folder for folder in snapshots.iterdir() if folder.is_dir() and not is_litter(folder.name))
    main = first_bytes(path / "refs" / "main", 64).decode("ascii", "replace").strip()
    chosen = [folder for folder in found if folder.name == main] or found
    if len(chosen) != 1:
        raise DataError(
            f"a repository in the Hub's cache must have one snapshot, or one that is the main one. Received: {len(found)} "
            f"(in {snapshots}). Give the path of one, or fetch the repository again."
        )
    return chosen[0]


def behind(file: Path) -> Path:
    """`file`, or the one in the cache's `blobs` that it stands for: some ways of copying turn a link into its text."""
    if "snapshots" not in file.parts:
        return file
    text = first_bytes(file, _LONGEST_LINK).decode("utf-8", "replace")
    found = re.fullmatch(r"(?:\.\./)+blobs/[0-9A-Za-z_-]+", text)
    target = file.parent / text if found else file
    return target if target.is_file() else file


def parquet_files(path: Path) -> list[Path]:
    """The parquet files of one set in the folder `path`, or in the folder of its only or main configuration."""
    for folder in (path, *(path / name for name in _CONFIGURATIONS)):
        files = _files_in(folder)
        files += [file for each in _folders_in(folder) if part_of(each.name) is not None for file in _files_in(each)]
        if files:
            return files
    return []


def parts_of(path: Path, files: Sequence[Path]) -> Parts:
    """Which files are for training and for testing. Where no name says so, all are for training, as on the Hub.

    Raises: DataError when there is no training part, or a shard is missing.
    """
    by_part: dict[Part | None, list[Path]] = {}
    for file in files:
        by_part.setdefault(part_of_file(path, file), []).append(file)
    train = by_part.get("train", [] if by_part.keys() - {None} else by_part.get(None, []))
    if not train:
        raise DataError(
            f"a parquet set must have train-*.parquet files. Received: {', '.join(file.name for file in files[:5])} "
            f"(in {files[0].parent}). Fetch the missing part."
        )
    test = by_part.get("test") or by_part.get("validation") or []
    for part in (train, test):
        _check_shards(part)
    used = {*train, *test}
    return Parts(tuple(train), tuple(test), tuple(file for file in files if file not in used))


def _files_in(folder: Path) -> list[Path]:
    files = sorted(folder.glob("*.parquet")) if folder.is_dir() else []
    return [file for file in files if file.is_file() and not (file.name.startswith(".") or is_litter(file.name))]


def _folders_in(folder: Path) -> list[Path]:
    return sorted(each for each in folder.iterdir() if each.is_dir()) if folder.is_dir() else []


def part_of_file(path: Path, file: Path) -> Part | None:
    """By the last word of the name that says so, `train` in `petals-train-00000-of-00002`; else by the folder."""
    words = re.split(r"[-_.]", file.name.removesuffix(".parquet"))
    named = next((part for word in reversed(words) if (part := part_of(word)) is not None), None)
    return named or (part_of(file.parent.name) if file.parent != path.parent else None)


def _check_shards(files: Sequence[Path]) -> None:
    """Raises: DataError when the file names say that there are more shards than there are files."""
    promised = {int(shards[2]) for file in files if (shards := _SHARD.search(file.name))}
    if promised and promised != {len(files)}:
        raise DataError(
            f"all {max(promised)} shards of a set must be there. Received: {len(files)}, {files[0].name} and so on "
            f"(in {files[0].parent}). Fetch the missing shards, and remove shards of other sets."
        )
