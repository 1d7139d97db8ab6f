"""Notebooks that somebody or something has spoilt, each by a number: the number says what was done and with which dice."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

Spoil = Callable[[dict[str, Any], random.Random], "bytes | str | dict[str, Any]"]
"""Takes a sound notebook; gives what is written to its file."""

SOURCES = (
    "# Wide or narrow?\n\nDoes a wider layer help?",
    'profile = "quick"  # how much\nseeds = None  # of every arm\nwidths = [4, 8]  # units\nrate = 0.01  # step\n',
    "from kerascnn import Arm, Budget, OptimiserSpec, Study, model\nwide = max(widths)\n",
    "budget = Budget(epochs=1, seeds=1, train_images=64, val_images=8, test_images=5)\nstudy = Study(\n"
    '    question="Does a wider layer help?",\n    arms=[Arm(name=f"w-{w}", label="W", model=model("models.lenet"), '
    "optimiser=OptimiserSpec(learning_rate=rate)) for w in widths],\n"
    '    budgets={"smoke": budget, "quick": budget, "full": budget}, profile=profile, seeds=seeds,\n)',
    "results = study.run()",
)
TAGS = ((), ("parameters",), (), ("study",), ())


def sound() -> dict[str, Any]:
    cells = [
        {
            "cell_type": "code" if number else "markdown",
            "metadata": {"tags": list(tags)} if tags else {},
            "source": source,
        }
        for number, (source, tags) in enumerate(zip(SOURCES, TAGS, strict=True))
    ]
    return {"cells": cells, "metadata": {"kernelspec": {"name": "python3"}}, "nbformat": 4, "nbformat_minor": 5}


CODE = (
    "1 / 0", "import sys; sys.exit()", "quit()", "import os; os._exit(1)", "import os; os.abort()", "raise BaseException",
    "raise KeyboardInterrupt", "while True: pass", "import time; time.sleep(100)", "input()", "x = 'y' * 10**9 * 3",
    "x = bytearray()\nwhile True: x += bytes(10**8)", "def f(): f()\nf()", "x = = 1", "'\ud800'", "\0", "return", "yield",
    "await x", "x = await 3", "async def", "((((((((((" * 30, "-" * 5000 + "1", "[" * 500 + "]" * 500, "x = 1\n" * 20_000,
    "!rm -rf x", "%%bash\nexit 1", "%", "%%", "!", "!!", "?", "x?", "??x", "%%%", "x = !", "x = %", "x = !ls\nx[0]", "%time",
    "%%time", "%%time\n1/0", "%%capture\n%%time\nx", "%run x.py", "%cd /", "get_ipython().y.z()", "get_ipython()[0].x", "exit",
    "import tensorflow", "import keras", "from torch import nn", "import nowhere", "from . import x", "from __future__ import x",
    "from __future__ import annotations", "study = 3", "del study", "study = Study", "study.arms = 3", "Study()", "Arm(nam=1)",
    "study = Study.from_dict({})", "import os; os.close(1); os.close(2)", "import os; os.closerange(0, 99)",
    "import os\nfor n in range(99):\n try: os.write(n, b'\\xff\\n')\n except OSError: pass", "import os; os.fork()",
    "import os; os.kill(os.getppid(), 9)", "import os; os.chdir('/'); print('x' * 10**7)", "import sys; sys.stdout = None",
    "import sys; sys.stderr.buffer.write(b'\\xff')", "import sys; sys.modules.clear()", "import builtins; del builtins.print",
    "import atexit, os; atexit.register(os._exit, 3)", "import threading; threading.Thread(target=print).start()",
    "import signal, os; os.kill(os.getpid(), signal.SIGSTOP)", "class E(Exception):\n  def __str__(s): 1/0\nraise E",
    "import subprocess; subprocess.Popen(['sleep', '5'], start_new_session=True)", "widths = [10**400]", "rate = float('nan')",
    "wide = {}; wide['x'] = wide; study = wide", "\ufeffx = 1", "x = 1\r\ry = 2", "x\u00a0= 1", "\x0c", "if 1:\n\tx\n        y",
    "%%writefile own.py\nx = ", "%%writefile /nowhere/own.py\nx", "\\", "x = \\", "'''", "#" * 10**6, "π = 1", "print(f'{x!z}')",
)  # fmt: skip
VALUES: tuple[Any, ...] = (
    None, True, 0, -1, 1e308, 10**400, "", "x" * 10**6, "\ud800", "\0", [], [[]], {}, {"": {}}, [None], "NaN", [1, "a"], "../x",
)  # fmt: skip
PARAMETERS = (
    "x = 1", "x = [1,", "x: int = 1", "x = y = 1", "x = 10**6", "x = '\\ud800'", "x = 1e999", f"x = {'9' * 5000}", "x = b''", "",
    "import os", "x = [" * 300 + "]" * 300, "def f(): ...", "%matplotlib inline\nx = 1", "x = !ls", "x = 1 # \u202e", "x = {1: 2}",
    "profile = 3", "profile = 'other'", "widths = []", "widths = [4, 4]", "rate = -1", "seeds = 10**9", "seeds = 1000000000",
)  # fmt: skip


def _cut(text: bytes, dice: random.Random) -> bytes:
    return text[: dice.randrange(len(text))]


def _flip(text: bytes, dice: random.Random) -> bytes:
    spoilt = bytearray(text)
    for _ in range(dice.randint(1, 9)):
        spoilt[dice.randrange(len(spoilt))] = dice.randrange(256)
    return bytes(spoilt)


def _insert(text: bytes, dice: random.Random) -> bytes:
    place = dice.randrange(len(text))
    mark = dice.choice(
        [
            b"<<<<<<< HEAD\n",
            b"\0",
            b"\xff\xfe",
            b"=======\n",
            b",",
            b'"',
            b"}",
            b"NaN",
            b"1e999",
            b"/* x */",
            b"\\ud800",
        ]
    )
    return text[:place] + mark + text[place:]


def _encode(text: bytes, dice: random.Random) -> bytes:
    return text.decode().encode(dice.choice(["utf-16", "utf-32", "utf-8-sig", "cp037", "utf-7"]))


def _deep(text: bytes, dice: random.Random) -> bytes:
    depth, (left, right) = dice.choice([900, 5000, 200_000]), dice.choice([(b"[", b"]"), (b'{"a":', b"}")])
    nest = left * depth + b"1" + right * depth
    return dice.choice([nest, text.replace(b'"nbformat": 4', b'"x": ' + nest + b', "nbformat": 4', 1)])


def _whole(text: bytes, dice: random.Random) -> bytes:
    return dice.choice(
        [b"", b"null", b"[]", b"{}", b"3", b'"x"', b" " * 10**6, text * 2, b"PK\x03\x04" + text, b'{"cells": []}']
    )


def _bytes(change: Callable[[bytes, random.Random], bytes]) -> Spoil:
    return lambda notebook, dice: change(json.dumps(notebook).encode(), dice)


def _places(value: Any) -> list[tuple[Any, Any]]:
    """(container, key) of everything inside."""
    keys = list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else []
    return [place for key in keys for place in [(value, key), *_places(value[key])]]


def _replace(notebook: dict[str, Any], dice: random.Random) -> dict[str, Any]:
    container, key = dice.choice(_places(notebook))
    container[key] = dice.choice(VALUES)
    return notebook


def _delete(notebook: dict[str, Any], dice: random.Random) -> dict[str, Any]:
    container, key = dice.choice(_places(notebook))
    del container[key]
    return notebook


def _code(notebook: dict[str, Any], dice: random.Random) -> dict[str, Any]:
    place = dice.randrange(1, 5)
    cell = {"cell_type": "code", "metadata": {}, "source": dice.choice(CODE)}
    notebook["cells"].insert(place, cell)
    return notebook


def _code_in_study(notebook: dict[str, Any], dice: random.Random) -> dict[str, Any]:
    lines = notebook["cells"][3]["source"].split("\n")
    lines.insert(dice.randrange(len(lines) + 1), dice.choice(CODE))
    notebook["cells"][3]["source"] = "\n".join(lines)
    return notebook


def _parameters(notebook: dict[str, Any], dice: random.Random) -> dict[str, Any]:
    notebook["cells"][1]["source"] = dice.choice(["", SOURCES[1]]) + dice.choice(PARAMETERS)
    return notebook


def _letters(notebook: dict[str, Any], dice: random.Random) -> dict[str, Any]:
    cell = dice.choice(notebook["cells"][:4])
    letters = list(cell["source"])
    for _ in range(dice.randint(1, 5)):
        letters[dice.randrange(len(letters))] = dice.choice(
            ["", "\n", "'", "(", ")", " ", "=", "0", "%", "!", "\\", ","]
        )
    cell["source"] = "".join(letters)
    return notebook


def _order(notebook: dict[str, Any], dice: random.Random) -> dict[str, Any]:
    dice.shuffle(notebook["cells"])
    return notebook


def _tags(notebook: dict[str, Any], dice: random.Random) -> dict[str, Any]:
    names = ["parameters", "study", "injected-parameters", "papermill-error-cell-tag", "", "x" * 10**5]
    for cell in dice.sample(notebook["cells"], 2):
        cell["metadata"] = {"tags": dice.choices(names, k=dice.randint(0, 3))}
    return notebook


def _left_over(notebook: dict[str, Any], dice: random.Random) -> dict[str, Any]:
    source = dice.choice(["widths = [99]", "profile = 'full'", "x = 1 /", "1 / 0"])
    cell = {"cell_type": "code", "metadata": {"tags": ["injected-parameters"]}, "source": source}
    notebook["cells"].insert(dice.randrange(6), cell)
    return notebook


def _metadata(notebook: dict[str, Any], dice: random.Random) -> dict[str, Any]:
    key = dice.choice(["kernelspec", "language_info", "papermill", "widgets", "colab", "vscode"])
    notebook["metadata"][key] = dice.choice([*VALUES, {"name": "ir", "language": "R"}])
    notebook[dice.choice(["nbformat", "nbformat_minor", "x"])] = dice.choice([*VALUES, 3, 5, 99])
    return notebook


def _long(notebook: dict[str, Any], dice: random.Random) -> dict[str, Any]:
    cell = {
        "cell_type": dice.choice(["markdown", "code", "raw", "x"]),
        "metadata": {},
        "source": "# x\n" * dice.choice([1, 500]),
    }
    notebook["cells"][2:2] = [cell] * dice.choice([100, 3000])
    return notebook


KINDS: dict[str, Spoil] = {
    "bytes cut": _bytes(_cut), "bytes flipped": _bytes(_flip), "bytes inserted": _bytes(_insert),
    "bytes encoded": _bytes(_encode), "bytes nested": _bytes(_deep), "bytes other": _bytes(_whole), "json replaced": _replace,
    "json deleted": _delete, "cells with code": _code, "cells with code in the study": _code_in_study,
    "cells with parameters": _parameters, "cells with letters": _letters, "cells in order": _order, "cells without end": _long,
    "tags mixed": _tags, "tags left over": _left_over, "metadata replaced": _metadata, "names": lambda notebook, dice: notebook,
}  # fmt: skip
NAMES = (
    "x" * 235, "大" * 80, "{}", "{x}", "{0.__class__}", "a b", "-p", "--help", "a'b", 'a"b', "a%20b", "a#b", "a?b", "a&b", "<b>", "%s",
    "a\nb", "a\x1b[31m", "\udcff", "\u202eb", "a.ipynb", "é", "e\u0301", "CON", "a;b", "$HOME", "`x`", "a\\b", "index", "👩‍🔬", " ", "~",
)  # fmt: skip
"""After the number, which keeps each notebook's name its own."""


def write_notebook(number: int, folder: Path) -> tuple[Path, str]:
    """The spoilt notebook of this number, and what was done."""
    dice, kinds = random.Random(number), list(KINDS)
    kind = kinds[number % len(kinds)]
    spoilt = KINDS[kind](sound(), dice)
    name = f"{number}_{NAMES[number // len(kinds) % len(NAMES)] if kind == 'names' else 'spoilt'}"
    path = folder / f"{name}.ipynb"
    # `dumps` writes half a character as an escape, as a notebook's file would hold it.
    text = json.dumps(spoilt) if isinstance(spoilt, dict) else spoilt
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path, kind
