"""What a process can load is found by following imports, and a digest of it changes with what counts alone."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from kerascnn.code import loaded
from kerascnn.code.loaded import all_modules, code_digest, modules_loaded

FILES = {
    "__init__.py": "",
    "start.py": '"""Starts."""\nfrom toy.used import helper\n',
    "used.py": "from __future__ import annotations\n\ndef helper():\n    from toy.room import late\n    return late\n",
    "room/__init__.py": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from toy.room.asked import name\n",
    "room/late.py": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from toy.types import Kind\nx = 1\n",
    "room/asked.py": "name = 1\n",
    "types.py": "Kind = int\n",
    "cut.py": "y = 1\n",
    "alone.py": "import toy.used\n",
}

Edit = Callable[[str, str], None]


@pytest.fixture
def toy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package of its own in place of this one."""
    package = tmp_path / "toy"
    for name, text in FILES.items():
        (package / name).parent.mkdir(parents=True, exist_ok=True)
        (package / name).write_text(text)
    monkeypatch.setattr(loaded, "PACKAGE", package)
    monkeypatch.setattr(loaded, "OURS", "toy")
    monkeypatch.setattr(loaded, "_memory", lambda: tmp_path / "cache" / "memory.json")
    forget()
    return package


def forget() -> None:
    """As a new process begins."""
    for cached in (loaded._meaning_of, loaded._remembered, loaded._file_of):
        cached.cache_clear()
    loaded._new.clear()


def names(*roots: str, without: tuple[str, ...] = ()) -> set[str]:
    return set(modules_loaded(roots, without)[0])


def digest() -> str:
    forget()
    return code_digest(["toy.start"])


def test_imports_are_followed_into_functions_and_to_what_a_package_hands_on(toy: Path) -> None:
    assert names("toy.start") == {"toy", "toy.start", "toy.used", "toy.room", "toy.room.late", "toy.room.asked"}


def test_what_is_imported_for_the_type_checker_alone_is_not_loaded(toy: Path) -> None:
    assert "toy.types" not in names("toy.start")


def test_what_is_cut_off_is_not_followed(toy: Path) -> None:
    assert names("toy.start", without=("toy.room",)) == {"toy", "toy.start", "toy.used"}


@pytest.mark.parametrize("name", ["start.py", "used.py", "room/late.py", "room/asked.py"])
def test_the_digest_changes_with_every_module_that_can_be_loaded(toy: Path, name: str) -> None:
    before = digest()
    (toy / name).write_text(f"{FILES[name]}\nz = 2\n")
    assert digest() != before


def test_docstrings_comments_and_modules_that_nobody_loads_change_nothing(toy: Path) -> None:
    before = digest()
    (toy / "start.py").write_text(FILES["start.py"].replace("Starts.", "Begins.") + "# a remark\n")
    (toy / "alone.py").write_text("import toy.used\nz = 2\n")
    (toy / "types.py").write_text("Kind = str\n")
    assert digest() == before


def test_a_process_goes_on_with_the_code_that_it_has_loaded(toy: Path) -> None:
    before = digest()
    (toy / "used.py").write_text("other = 1\n")
    assert code_digest(["toy.start"]) == before
    assert digest() != before


def test_a_users_modules_count_with_the_packages_that_they_import(toy: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text("import json\nimport msgspec\nimport other_of_mine\nimport toy.cut\n")
    (tmp_path / "other_of_mine.py").write_text("x = 1\n")
    found, others = modules_loaded(["mine"], search_path=tmp_path)
    assert set(found) == {"mine", "other_of_mine", "toy", "toy.cut"}
    assert others == {"msgspec"}


def test_a_module_that_is_no_python_counts_by_its_bytes(toy: Path) -> None:
    (toy / "used.py").write_text("def (:\n")
    before = digest()
    (toy / "used.py").write_text("def ((:\n")
    assert digest() != before


def test_what_was_read_is_remembered_for_the_next_process(
    toy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "cache").mkdir()
    before = digest()
    forget()
    monkeypatch.setattr(loaded, "_read_meaning", lambda *_: pytest.fail("read again"))
    assert code_digest(["toy.start"]) == before


def test_what_is_remembered_does_not_grow_without_end(
    toy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loaded, "MOST_REMEMBERED", 3)
    (tmp_path / "cache").mkdir()
    for version in range(5):
        (toy / "used.py").write_text(f"version = {version}\n")
        digest()
    assert len(json.loads((tmp_path / "cache" / "memory.json").read_bytes())) == 3


@pytest.mark.parametrize("content", [b"", b"[]", b"\xff", b'{"a": 1}', b'{"a": [1]}'])
def test_a_damaged_memory_is_written_anew(toy: Path, tmp_path: Path, content: bytes) -> None:
    before = digest()
    memory = tmp_path / "cache" / "memory.json"
    memory.write_bytes(content)
    assert digest() == before
    assert len(memory.read_bytes()) > 100


def test_without_a_cache_that_can_be_written_everything_is_read_again(toy: Path, tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file")
    assert digest() == digest()


def test_every_module_is_listed_by_its_name() -> None:
    assert {"kerascnn", "kerascnn.code.loaded", "kerascnn.report", "kerascnn.report.render"} <= set(all_modules())
