"""`new`: the notebook of a new experiment, from options or answers. It writes over nothing."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from kerascnn.commands.wishes import complete
from kerascnn.errors import KerascnnError, UsageError, near_match
from kerascnn.notebooks.building import build_study
from kerascnn.notebooks.contract import Notebook
from kerascnn.notebooks.draft import NET_TAKES, OF_THE_ARM, Draft, net_source
from kerascnn.notebooks.finding import find_notebooks
from kerascnn.notebooks.signatures import check_call
from kerascnn.places import experiments_folder

NAME = re.compile(r"(?:([0-9]{1,3})_)?([A-Za-z][A-Za-z0-9_]{0,58})")


def begin(name: str, wishes: Mapping[str, Any], *, own_net: bool) -> int:
    """Write the notebook, with `own_net` a module beside it, and say what to do next.

    `wishes`: option -> what it says, None where it was not given: then it is asked for if somebody can answer.
    """
    folder = experiments_folder()
    name = _numbered(name, [path.stem for path in find_notebooks(folder)])
    path = folder / f"{name}.ipynb"
    net = folder / f"{name.partition('_')[2].lower()}_net.py" if own_net else None
    for file in filter(None, (net, path)):
        _check_free(file)
    builder = {"builder": f"{net.stem}:net"} if net else {}
    draft = _draft(name, complete({**wishes, **builder}, ask=sys.stdin.isatty()))
    notebook = draft.notebook(folder)
    _check(draft, notebook, own_net=own_net)
    text = json.dumps(notebook.content, indent=1, ensure_ascii=False) + "\n"
    _write(({net: net_source(draft)} if net else {}) | {path: text})  # no notebook is seen without its net
    print(f"Wrote {path}{f' and {net}' if net else ''}")
    print(f"Next: `python pipeline.py plan {draft.short_name}` says how long it takes.")
    print(f"Then: `python pipeline.py run {draft.short_name}` trains it and puts it into the report.")
    return 0


def _numbered(text: str, known: Iterable[str]) -> str:
    """The name with its number, the next free one where it has none. Raises: UsageError for a name that cannot be used."""
    found = NAME.fullmatch(text.removesuffix(".ipynb"))
    if found is None:
        raise UsageError(
            "The name of an experiment must be letters, digits and `_`, 60 at most, and begin with a letter or with a number "
            f"and `_`. Received: {text[:80]!r}. Write for example tanh_vs_relu or 20_tanh_vs_relu."
        )
    numbers = {int(stem.partition("_")[0]): stem for stem in known if stem.partition("_")[0].isdecimal()}
    number = int(found[1]) if found[1] else max(numbers, default=0) + 1
    same = [stem for stem in known if stem.lower().partition("_")[2] == found[2].lower()]
    if same or number in numbers:
        taken = same[0] if same else numbers[number]
        raise UsageError(
            f"The name must be free. Received: {text}, but there is {taken}. Choose another name or number."
        )
    return f"{number:02d}_{found[2]}"


def _check_free(path: Path) -> None:
    if path.is_symlink() or path.exists():
        raise UsageError(f"{path} is there already, and `new` writes over nothing. Choose another name.")


def _draft(name: str, wishes: dict[str, Any]) -> Draft:
    title = name.partition("_")[2].replace("_", " ")
    arms = wishes.pop("arms")
    return Draft(name=name, title=title[:1].upper() + title[1:], values=arms, **wishes)


def _check(draft: Draft, notebook: Notebook, *, own_net: bool) -> None:
    """Raises: UsageError where the study of the draft could not be planned."""
    if own_net and draft.differs not in (*NET_TAKES, *OF_THE_ARM):
        raise UsageError(
            f"The net has no argument {draft.differs!r}. {near_match(draft.differs, (*NET_TAKES, *OF_THE_ARM))}"
        )
    try:
        study = build_study(notebook, {name: p.default for name, p in notebook.parameters().items()})
        for arm in study.arms if not own_net else ():
            check_call(arm.model, notebook.path.parent)
    except KerascnnError as err:
        raise UsageError(f"This experiment cannot be planned: {err} Nothing was written.") from err


def _write(texts: dict[Path, str]) -> None:
    """All files or none. Raises: UsageError when the folder takes none, or one of them is there by now."""
    made: list[Path] = []
    try:
        for path, text in texts.items():
            path.parent.mkdir(exist_ok=True)
            with path.open("x", encoding="utf-8") as file:  # `x` never opens what is there, a link neither
                made.append(path)
                file.write(text)
    except OSError as err:
        for one in made:
            one.unlink(missing_ok=True)
        raise UsageError(
            f"{path} cannot be written: {err.strerror or err}. Nothing was left there. Fix that, or set "
            "KERASCNN_EXPERIMENTS to a folder you may write to."
        ) from err
