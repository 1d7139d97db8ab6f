"""What `new` has to know: each thing by its option, how it is asked for, and what it is if nobody says."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from kerascnn.errors import UsageError
from kerascnn.notebooks.draft import OF_THE_ARM
from kerascnn.spelling import printable

VALUE = re.compile(r"[A-Za-z0-9_.+-]{1,40}")
LONGEST = 400
"""Letters of a question or a claim."""


@dataclass(frozen=True)
class Wish:
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
    return f"{wishes['differs'].replace('_', ' ')} {wishes['arms'][place]}"


WISHES = (
    Wish("builder", "The model: models.NAME, or module:function of your own", default=lambda _: "models.small_cnn"),
    Wish("differs", f"What differs: an argument of the model, or {', '.join(OF_THE_ARM)}", _name),
    Wish("arms", "Its values with blanks between them, the baseline first, such as tanh relu", _values),
    Wish(
        "question",
        "The question",
        _sentence("?"),
        lambda w: f"Is the net better with {_arm(w, -1)} than with {_arm(w, 0)}?",
    ),
    Wish(
        "claim",
        "The claim",
        _sentence("."),
        lambda w: f"With {_arm(w, -1)} the net gets more images right than with {_arm(w, 0)}.",
    ),
    Wish("smallest_effect", "The smallest difference that matters, 0.02 for two points", _fraction, lambda _: 0.02),
    Wish("epochs", "Epochs", _whole, lambda _: 4),
    Wish("images", "Training images", _whole, lambda _: 5000),
    Wish("seeds", "Seeds", _whole, lambda _: 3),
)
"""In the order in which they are asked for."""


def complete(given: Mapping[str, Any], *, ask: bool) -> dict[str, Any]:
    """Every wish: as given, else as answered, else by default. Raises: UsageError that names the option."""
    wishes: dict[str, Any] = {}
    if ask and any(given.get(wish.option) is None for wish in WISHES):
        print("Press Enter to take what stands in brackets.")
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


def _read(wish: Wish, text: str) -> Any:
    try:
        return wish.read(text)
    except UsageError as err:
        raise UsageError(f"{_option(wish)} cannot be used. {err}") from err


def _option(wish: Wish) -> str:
    return f"`--{wish.option.replace('_', '-')}`"


def _answer(wish: Wish, default: Any) -> Any:
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
