"""The rooms of the report: arrows go one way."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import kerascnn.report

HERE = Path(kerascnn.report.__file__).parent
ROOMS = ("text", "parts", "facts", "tables", "pictures", "pages", "folder", "render")
"""Each room may use itself and those before it. `__init__` is the door: it may use all of them."""


def modules() -> Iterator[tuple[str, Path]]:
    """(room, file) of everything in the report but its door."""
    for path in sorted(HERE.rglob("*.py")):
        first = path.relative_to(HERE).parts[0]
        if first != "__init__.py":
            yield first.removesuffix(".py"), path


def used_rooms(path: Path) -> set[str]:
    """The rooms that a file imports from, inside functions and for types too."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom) and node.module == "kerascnn.report":
            names = [f"kerascnn.report.{alias.name}" for alias in node.names]
        found |= {name.split(".")[2] for name in names if name.startswith("kerascnn.report.")}
    return found


def test_every_module_lies_in_a_room() -> None:
    assert {room for room, _ in modules()} == set(ROOMS)


def test_no_room_uses_one_that_comes_after_it() -> None:
    against = [
        f"{path.relative_to(HERE)} uses {used}"
        for room, path in modules()
        for used in used_rooms(path)
        if used not in ROOMS[: ROOMS.index(room) + 1]
    ]
    assert against == []
