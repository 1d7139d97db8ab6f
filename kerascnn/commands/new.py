"""`new`: the notebook of a new experiment, from options or answers. It writes over nothing."""

from __future__ import annotations

import json
import math
import re
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kerascnn.errors import KerascnnError, UsageError, near_match
from kerascnn.notebooks.building import build_study
from kerascnn.notebooks.contract import Notebook, find_notebooks
from kerascnn.notebooks.draft import NET_TAKES, OF_THE_ARM, Draft, net_source
from kerascnn.notebooks.signatures import check_call
from kerascnn.places import experiments_folder
from kerascnn.spelling import printable

NAME = re.compile(r"(?:([0-9]{1,3})_)?([A-Za-z][A-Za-z0-9_]{0,58})")
VALUE = re.compile(r"[A-Za-z0-9_.+-]{1,40}")
LONGEST = 400
"""Letters of a question or a claim."""


def begin(name: str, wishes: Mapping[str, Any], *, own_net: bool) -> int:
    """Write the notebook, with `own_net` a module beside it, and say what to do next.

    `wishes`: option -> what it says, None where it was not given: then it is asked for if somebody can answer.
    """
    folder = experiments_folder()
    name = _numbered(name, [path.stem for path in find_notebooks(folder)])
    module = f"{name.partition('_')[2].lower()}_net" if own_net else ""
    paths = [folder / f"{name}.ipynb", *([folder / f"{module}.py"] if own_net else [])]
    for path in paths:
        _check_free(path)
    builder = {"builder": f"{module}:net"} if own_net else {}
    draft = _draft(name, _complete({**wishes, **builder}, ask=sys.stdin.isatty()))
    notebook = draft.notebook(folder)
    _check(draft, notebook, own_net=own_net)
    texts = [json.dumps(notebook.content, indent=1, ensure_ascii=False) + "\n", net_source(draft)]
    _write(dict(reversed(list(zip(paths, texts, strict=False)))))  # the net first: no notebook is seen without it
    print(f"Wrote {' and '.join(map(str, paths))}")
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


@dataclass(frozen=True)
class _Wish:
    """One thing that the notebook is about: how it is asked for, how an answer is read, and what it is if nobody says."""

    option: str
    asks: str
    read: Callable[[str], Any] = str
    default: Callable[[Mapping[str, Any]], Any] = lambda _: None


def _sentence(end: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        text = text.strip()
        if not text or not text.isprintable() or len(text) > LONGEST:
            raise UsageError(
                f"It must be one line of text, {LONGEST} letters at most. Received: {printable(text, 80)!r}."
            )
        return text if text.endswith(end) else text.rstrip(".?! ") + end

    return read


def _whole(text: str) -> int:
    if not (text.isdecimal() and len(text) < 10 and int(text)):
        raise UsageError(f"It must be a whole number from 1 on. Received: {printable(text, 80)!r}.")
    return int(text)


def _fraction(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not 0 < number < 1:
        raise UsageError(f"It must be a number between 0 and 1. Received: {printable(text, 80)!r}.")
    return number


def _name(text: str) -> str:
    if not text.isidentifier():
        raise UsageError(f"It must be the name of an argument. Received: {printable(text, 80)!r}.")
    return text


def _values(text: str) -> tuple[Any, ...]:
    words = text.split()
    values = tuple(map(_value, words))
    kinds = {int if isinstance(value, float) else type(value) for value in values}
    if len(set(map(str, values))) < max(2, len(words)) or len(kinds) > 1 or not all(map(VALUE.fullmatch, words)):
        raise UsageError(
            "They must be two or more different words, or numbers, with blanks between them. "
            f"Received: {printable(text, 80)!r}."
        )
    return values


def _value(word: str) -> Any:
    try:
        value = json.loads(word)
    except ValueError:
        return word
    return value if isinstance(value, int | float) and math.isfinite(value) else word


def _arm(wishes: Mapping[str, Any], place: int) -> str:
    return f"{wishes['differs']} {wishes['arms'][place]}"


WISHES = (
    _Wish("builder", "The model: models.NAME, or module:function of your own", default=lambda _: "models.small_cnn"),
    _Wish("differs", f"What differs: an argument of the model, or {', '.join(OF_THE_ARM)}", _name),
    _Wish("arms", "Its values with blanks between them, the baseline first, such as tanh relu", _values),
    _Wish("question", "The question", _sentence("?"), lambda w: f"Does {_arm(w, -1)} beat {_arm(w, 0)}?"),
    _Wish("claim", "The claim", _sentence("."), lambda w: f"{_arm(w, -1)} is better than {_arm(w, 0)}."),
    _Wish("smallest_effect", "The smallest difference that matters, 0.02 for two points", _fraction, lambda _: 0.02),
    _Wish("epochs", "Epochs", _whole, lambda _: 4),
    _Wish("images", "Training images", _whole, lambda _: 5000),
    _Wish("seeds", "Seeds", _whole, lambda _: 3),
)
"""In the order in which they are asked for."""


def _complete(given: Mapping[str, Any], *, ask: bool) -> dict[str, Any]:
    """Every wish: as given, else as answered, else by default. Raises: UsageError that names the option."""
    wishes: dict[str, Any] = {}
    for wish in WISHES:
        text = given.get(wish.option)
        if text is not None:
            wishes[wish.option] = _read(wish, text)
            continue
        default = wish.default(wishes)
        if ask:
            wishes[wish.option] = _answer(wish, default)
        elif default is None:
            raise UsageError(f"`new` needs {_option(wish)}. Write for example --differs activation --arms tanh relu.")
        else:
            wishes[wish.option] = default
    return wishes


def _read(wish: _Wish, text: str) -> Any:
    try:
        return wish.read(text)
    except UsageError as err:
        raise UsageError(f"{_option(wish)} cannot be used. {err}") from err


def _option(wish: _Wish) -> str:
    return f"`--{wish.option.replace('_', '-')}`"


def _answer(wish: _Wish, default: Any) -> Any:
    """What the user answers, asked again until it can be used; an empty answer takes the default."""
    while True:
        try:
            text = input(f"{wish.asks}{'' if default is None else f' [{default}]'}: ").strip()
        except EOFError as err:
            raise UsageError("`new` needs an answer to each question. Nothing was written.") from err
        if not text and default is not None:
            return default
        try:
            return wish.read(text)
        except UsageError as err:
            print(err)


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
