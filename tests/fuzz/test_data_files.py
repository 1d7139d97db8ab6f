"""Whatever happened to the files of a data set, it loads or is refused in one sentence, soon and in little memory.

The short version is part of the test command, which leaves out what is marked `fuzz`; `pytest -m fuzz -n auto` runs the
long one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from choosing import attempt_all, short_and_long
from data_files import FORMATS, DataFiles
from warm import start_commands

FILES = 2000


@pytest.fixture(scope="module")
def data_files(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DataFiles]:
    """Sound sets, and commands in forks of a process that has imported what they need."""
    sound = tmp_path_factory.mktemp("sound")
    with start_commands() as commands:
        yield DataFiles(sound, commands)


@short_and_long(range(len(FORMATS)), FILES, 100)
def test_no_data_file_brings_more_than_one_sentence(
    data_files: DataFiles, tmp_path: Path, numbers: Sequence[int]
) -> None:
    attempt_all(data_files.attempt, numbers, tmp_path, "tests/fuzz/test_data_files.py")
