"""What sets, classes and parts of a set are called, whatever their folders are called."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path
from typing import Literal

Part = Literal["train", "test", "validation"]

LONGEST_NAME = 120
NAMELESS = "pictures"
_SAYING_NOTHING = frozenset(
    {"data", "dataset", "datasets", "images", "plain_text", "raw", "default", "parquet", "snapshots", "versions"}
)
_PARTS: dict[str, Part] = {
    "train": "train", "training": "train",
    "test": "test", "testing": "test",
    "val": "validation", "valid": "validation", "validation": "validation", "dev": "validation",
    "eval": "validation", "evaluation": "validation",
}  # fmt: skip
_FILLERS = frozenset(
    {
        "set",
        "sets",
        "data",
        "dataset",
        "img",
        "imgs",
        "image",
        "images",
        "pictures",
        "photos",
        "partial",
        "seg",
        "split",
    }
)
_HIDDEN_KINDS = frozenset({"Cc", "Cs", "Zl", "Zp"})
_TURNING = frozenset("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")
"""Marks that turn the direction of reading."""


def legible(name: str) -> str:
    """`name` as text that can be printed, stored and shown: bytes that are no UTF-8 and control marks as their codes."""
    try:
        raw = name.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        raw = name.encode("utf-8", "backslashreplace")
    text = "".join(
        sign.encode("unicode_escape").decode()
        if unicodedata.category(sign) in _HIDDEN_KINDS or sign in _TURNING
        else sign
        for sign in raw.decode("utf-8", "backslashreplace")
    )
    return text if len(text) <= LONGEST_NAME else f"{text[:LONGEST_NAME]}..."


def set_name(path: Path) -> str:
    """The last part of the path that says which set it is; in the caches of the Hub and of Kaggle, the repository's name."""
    parts = [part for part in (path.resolve() if ".." in path.parts else path).parts if part != path.anchor]
    for at in reversed(range(len(parts))):
        if at and parts[at - 1] == "versions" and parts[at].isdecimal():
            continue
        name = _repository(parts[at])
        if name.lower() not in _SAYING_NOTHING and not re.fullmatch(r"[0-9a-f]{40}", name):
            return legible(name)
    return legible(parts[-1]) if parts and not re.fullmatch(r"[0-9a-f]{40}", parts[-1]) else NAMELESS


def part_of(name: str) -> Part | None:
    """Which part of a set a folder or file of this name holds: `Training`, `test_set`, `seg_train`, `valid`."""
    words = [word for word in re.findall(r"[a-z]+", name.lower()) if word not in _FILLERS]
    if len(words) != 1:
        return None
    return _PARTS.get(words[0]) or _PARTS.get(re.sub(r"(set|data)$", "", words[0]))


def _repository(part: str) -> str:
    """`petals` of `datasets--me--petals`, as the Hub's cache calls the folder of a repository."""
    return part.split("--")[-1] or part if part.startswith("datasets--") else part
