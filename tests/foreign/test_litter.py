from __future__ import annotations

import pytest

from kerascnn.foreign.litter import is_litter

LEFT_BEHIND = [
    "__MACOSX",
    ".DS_Store",
    "._photo.jpg",
    ".AppleDouble",
    ".Spotlight-V100",
    "Thumbs.db",
    "ehthumbs.db",
    "desktop.ini",
    "$RECYCLE.BIN",
    "@eaDir",
    "#recycle",
    "@Recycle",
    ".@__thumb",
    ".directory",
    ".Trash-1000",
    ".nomedia",
    ".picasa.ini",
    "~$notes.docx",
    ".dropbox.cache",
    ".ipynb_checkpoints",
    "photo.jpg:Zone.Identifier",
    "photo.jpg@SynoEAStream",
    "photo.jpg.crdownload",
    "lost+found",
]


@pytest.mark.parametrize("name", [*LEFT_BEHIND, "Icon\r", "System Volume Information"])
def test_what_file_managers_leave_is_litter_whatever_its_case(name: str) -> None:
    assert is_litter(name)
    assert is_litter(name.upper())
    assert is_litter(name.lower())


@pytest.mark.parametrize(
    "name", ["cat", "thumbs", "icon.png", "thesis.docx", ".git", "download.jpg", "recycle", "1.tmp"]
)
def test_what_people_have_is_no_litter(name: str) -> None:
    assert not is_litter(name)
