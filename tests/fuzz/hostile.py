"""Command lines that nobody should type: odd values for parameters that exist, odd names, odd options, odd variables."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

TEXTS = (
    "", " ", "\\", "'", '"', "\n", "\t", "\x1b[2J", "\x07", "\u202e", "卷积", "\U0001f600", "a" * 3000, "a/b", "../../etc/passwd",
    "~", "$HOME", "`id`", "$(id)", "{}", "{0}", "%s", "%n", "<b>", "&amp;", "--jobs", "-p", "null", "None", "nan", "inf",
    "__import__('os')", "models.vgg", "relu; x", "\ufffe", "e\u0301", "\u2028", "\\ud800", "A" * 90_000,
)  # fmt: skip
NUMBERS = (
    "0", "-0", "-1", "1", "-0.0", "0.0", "1e-999", "1e999", "-1e999", "1e308", "5e-324", "0.1", "1.5", "1e3", "2147483648", "4294967296",
    "9223372036854775807", "-9223372036854775808", "9223372036854775808", "1" * 30, "9" * 4300, "9" * 5000, "-" + "9" * 9000,
    "1000", "1001", "2000", "99999", "1000000", "1000000000", "0x10", "1_000", "01", "+1", ".5", "1.", "NaN", "Infinity", "-Infinity",
)  # fmt: skip
SHAPES = (
    "[]", "{}", "[[]]", "[{}]", "null", "true", "false", "[null]", "[true]", '{"a": 1}', '{"a": 1, "a": 2}', "[" * 31 + "]" * 31,
    "[" * 40 + "]" * 40, "[" * 60_000, '{"a":' * 30_000, "[1,", "[1 2]", "1 2", "'a'", "a b", "[1]]", "//", "[" + "1," * 20_000 + "1]",
    "[" + ",".join(["[1]"] * 5_000) + "]", r'"\ud800"', r'"\u0000"', r'["\udfff"]', "\udcff", '"\udc80"', "True", "[True]", "",
)  # fmt: skip
NAMES = (
    "",
    " ",
    "1x",
    "a b",
    "x-y",
    "x.y",
    "__class__",
    "class",
    "None",
    "ſeeds",
    "seedſ",
    "x" * 5000,
    "\udcff",
    "profile",
    "é",
    "x\n",
)
OPTIONS = (
    ("--jobs", "NUMBER"), ("--seeds", "NUMBER"), ("--profile", "TEXT"), ("--data", "TEXT"), ("--data", "NUMBER"), ("--job", "NUMBER"),
    ("--seed", "NUMBER"), ("--unknown", "TEXT"),
)  # fmt: skip
VARIABLES = (
    ("COLUMNS", "NUMBER"), ("TERM", "TEXT"), ("LANG", "TEXT"), ("LC_ALL", "TEXT"), ("HOME", "TEXT"), ("TMPDIR", "TEXT"),
    ("KERASCNN_CACHE", "TEXT"), ("KERASCNN_STORE", "TEXT"), ("KERASCNN_REPORTS", "TEXT"), ("KERASCNN_EXPERIMENTS", "TEXT"),
    ("KERASCNN_DATA", "TEXT"), ("KERASCNN_NOTEBOOK_DEADLINE", "NUMBER"), ("KERAS_HOME", "TEXT"),
    ("OMP_NUM_THREADS", "NUMBER"), ("USER", "TEXT"), ("FORCE_COLOR", "NUMBER"), ("CI", "TEXT"),
)  # fmt: skip


@dataclass(frozen=True)
class Attempt:
    """A command, and what its message must name if it fails: one of `named`."""

    arguments: list[str]
    named: tuple[str, ...] = ()
    variables: dict[str, str] = field(default_factory=dict)


Known = dict[str, dict[str, Any]]
"""Experiment -> its parameters with their defaults."""
Kind = Callable[[random.Random, str, dict[str, Any]], Attempt]


def make_attempt(number: int, known: Known) -> Attempt:
    """The attempt that a number means, for these experiments."""
    choose = random.Random(f"parameters {number}")
    experiment = choose.choice(sorted(known))
    return KINDS[number % len(KINDS)](choose, experiment, known[experiment])


def _value(choose: random.Random, experiment: str, defaults: dict[str, Any]) -> Attempt:
    name = choose.choice(sorted(set(defaults) - {"profile"}))
    text = choose.choice([*NUMBERS, *SHAPES, *map(_quoted, TEXTS)])
    return Attempt(["plan", experiment, "-p", f"{name}={text}"], (name,))


def _inside(choose: random.Random, experiment: str, defaults: dict[str, Any]) -> Attempt:
    """A value of the right kind, but for one place in it."""
    name = choose.choice([name for name in sorted(defaults) if name != "profile"])
    default = defaults[name]
    odd = choose.choice([*NUMBERS, *SHAPES[:10]])
    if isinstance(default, list):
        parts = [json.dumps(part) for part in default] or ["1"]
        parts[choose.randrange(len(parts))] = odd
        text = f"[{', '.join(parts * choose.choice([1, 1, 50]))}]"
    elif isinstance(default, str):
        text = _quoted(choose.choice(TEXTS))
    else:
        text = odd
    return Attempt(["plan", experiment, "-p", f"{name}={text}"], (name,))


def _name(choose: random.Random, experiment: str, defaults: dict[str, Any]) -> Attempt:
    name = choose.choice([*NAMES, *(name[:-1] for name in defaults), *(name.upper() for name in defaults)])
    return Attempt(["plan", experiment, "-p", f"{name}=1"], ("-p", "parameter"))


def _several(choose: random.Random, experiment: str, defaults: dict[str, Any]) -> Attempt:
    names = choose.choices(sorted(defaults), k=choose.choice([2, 3, 300]))
    words = [word for name in names for word in ("-p", f"{name}={choose.choice(NUMBERS)}")]
    return Attempt(["plan", experiment, *words], tuple(defaults))


def _option(choose: random.Random, experiment: str, defaults: dict[str, Any]) -> Attempt:
    option, kind = choose.choice(OPTIONS)
    return Attempt(["plan", experiment, option, _of(kind, choose)], (option, *_SEEDS))


def _experiment(choose: random.Random, experiment: str, defaults: dict[str, Any]) -> Attempt:
    name = choose.choice([*TEXTS, *NUMBERS, "\udcff", experiment + "x", experiment[:1]])
    options = [name] if name.startswith("-") else []  # taken for an option, which is what the message is about
    return Attempt(
        [choose.choice(["plan", "why"]), name, "-p", "seeds=1"], ("experiment", "arguments", "name", *options)
    )


def _variable(choose: random.Random, experiment: str, defaults: dict[str, Any]) -> Attempt:
    name, kind = choose.choice(VARIABLES)
    value = _of(kind, choose).replace("\0", "")
    return Attempt(["plan", experiment], (name, "data", "notebooks", "experiment", "folder"), {name: value})


KINDS: tuple[Kind, ...] = (_value, _inside, _value, _inside, _name, _several, _option, _experiment, _variable)
_SEEDS = ("seeds", "jobs", "data", "profile", "arguments")


def _of(kind: str, choose: random.Random) -> str:
    return choose.choice(NUMBERS if kind == "NUMBER" else TEXTS)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
