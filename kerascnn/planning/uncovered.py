"""What a user's modules read that no key covers: files, the environment, the network, other folders."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from kerascnn.identity import builder_modules

READING = {
    "open", "read_text", "read_bytes", "load", "loadtxt", "genfromtxt", "fromfile", "memmap", "load_weights", "load_model",
    "load_data", "load_img", "imread", "read_csv", "read_json", "read_parquet", "read_pickle", "read_table", "ZipFile", "File",
    "urlopen", "urlretrieve", "get_file", "from_pretrained", "hf_hub_download", "listdir", "scandir", "iterdir", "glob", "rglob",
    "getenv", "urandom", "gethostname", "check_output", "Popen", "run",
}  # fmt: skip
"""Functions and methods, by their last name, that bring in what is not in the source."""
OUTSIDE = {"environ": "os", "argv": "sys", "path": "sys"}
"""Attributes that do the same, with the module they belong to."""
UNSEEDED = {"default_rng", "RandomState", "SystemRandom"}
"""Random generators that give other numbers each time if they get no seed."""


def uncovered_reads(builder: str, search_path: Path) -> dict[str, tuple[str, ...]]:
    """User's module -> what in it reads from outside the key, as `np.load (line 5)`; modules that do not are left out."""
    files, _ = builder_modules(builder, search_path)
    own = {name: path for name, path in files.items() if not name.startswith("kerascnn.")}
    found = {name: tuple(_reads(ast.parse(path.read_bytes()))) for name, path in sorted(own.items())}
    return {name: reads for name, reads in found.items() if reads}


def _reads(tree: ast.Module) -> Iterator[str]:
    nodes = [node for node in ast.walk(tree) if isinstance(node, ast.Call | ast.Attribute | ast.Name | ast.keyword)]
    seen: dict[str, int] = {}
    for node in sorted(nodes, key=lambda node: (node.lineno, node.col_offset)):
        name = _what(node)
        if name:
            seen.setdefault(name, node.lineno)
    return (f"{name} (line {line})" for name, line in seen.items())


def _what(node: ast.expr | ast.keyword) -> str | None:
    if isinstance(node, ast.Call):
        last = _last_name(node.func)
        unseeded = last in UNSEEDED and not (node.args or node.keywords)
        return ast.unparse(node.func) if last in READING or unseeded else None
    if isinstance(node, ast.keyword):  # keras.applications: weights="imagenet"
        is_text = isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        return ast.unparse(node) if node.arg == "weights" and is_text else None
    if isinstance(node, ast.Attribute):
        module = OUTSIDE.get(node.attr)
        return ast.unparse(node) if module and ast.unparse(node.value) == module else None
    return "environ" if isinstance(node, ast.Name) and node.id == "environ" else None


def _last_name(function: ast.expr) -> str:
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""
