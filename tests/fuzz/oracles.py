"""Proposals of searches that no oracle made: empty, endless, out of the space, the sender's own runs."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Callable
from typing import Any

from drafts import Draft, register
from lies import HUGE, put, spell
from texts import SPOILED

Answer = dict[str, Any]


def on_answers(name: str, change: Callable[[Answer], object], *, every: bool = True) -> None:
    """A change of what the pack says oracles answered: of every answer, or of one."""

    def alter(draft: Draft, choose: random.Random) -> None:
        chosen = sorted(draft.proposals) if every else [choose.choice(sorted(draft.proposals))]
        for file in chosen:
            answer = json.loads(draft.proposals[file])
            change(answer)
            draft.proposals[file] = json.dumps(answer).encode()

    register(f"proposals: {name}", "proposals", alter)


def every_trial(path: str, value: Any) -> Callable[[Answer], object]:
    def change(answer: Answer) -> None:
        for trial in answer["trials"]:
            put(trial, path, copy.deepcopy(value))

    return change


def last_trial(path: str, value: Any) -> Callable[[Answer], object]:
    return lambda answer: put(answer["trials"][-1], path, value)


def empty(complete: bool) -> Callable[[Answer], object]:
    return lambda answer: answer.update(trials=[], complete=complete)


def many(answer: Answer) -> None:
    first = answer["trials"][0]
    answer["trials"] = [{**first, "number": number} for number in range(100_000)]


def foreign(answer: Answer) -> None:
    """Runs of the sender's choice, with their figures in order."""
    for trial in answer["trials"]:
        trial["spec"]["seed"] += 1000


def longer(answer: Answer) -> None:
    for trial in answer["trials"]:
        trial["epochs"] = trial["spec"]["epochs"] = 10_000


def another_model(answer: Answer) -> None:
    for trial in answer["trials"]:
        trial["spec"]["model"] = {"builder": "os:system", "arguments": {"command": "echo evil"}}


def endless(draft: Draft, choose: random.Random) -> None:
    """Each answer incomplete and no more than what was known before it."""
    ordered = sorted(draft.proposals, key=lambda name: len(draft.proposals[name]))
    shortest = json.loads(draft.proposals[ordered[0]])
    for name in ordered:
        draft.proposals[name] = json.dumps({**shortest, "complete": False}).encode()


def exchanged(draft: Draft, choose: random.Random) -> None:
    names, contents = sorted(draft.proposals), list(draft.proposals.values())
    choose.shuffle(contents)
    draft.proposals = dict(zip(names, contents, strict=True))


on_answers("empty, not complete", empty(False))
on_answers("empty, complete", empty(True))
on_answers("never complete", lambda answer: answer.update(complete=False))
on_answers("complete too early", lambda answer: answer.update(complete=True, trials=answer["trials"][:1]))
on_answers("the last trial missing", lambda answer: answer["trials"].pop())
on_answers("the first trial missing", lambda answer: answer["trials"].pop(0))
on_answers("in another order", lambda answer: answer["trials"].reverse())
on_answers("one trial twice", lambda answer: answer["trials"].append(answer["trials"][0]))
on_answers("100,000 trials", many)
on_answers("runs of the sender", foreign)
on_answers("runs of the sender in one answer", foreign, every=False)
on_answers("more epochs than the budget has", longer)
on_answers("another model", another_model)
on_answers("a field more", lambda answer: answer.update(more=1))
on_answers("no trials at all", lambda answer: answer.pop("trials"))
for path, values in {
    "number": (-1, 0, 7, 2**63, HUGE, 1.5, None, "0"),
    "epochs": (0, -1, 2**63, HUGE, 1.5, None),
    "arguments": ({}, None, {"evil": 1}, {"depth": 10**6}, {"depth": "deep"}, {"depth": [[1]]}, {"depth": None}),
    "arguments.depth": (-1, 3.5, True, "2", 2**63),
    "arguments.kernels": (-1, 10**9),
    "spec.epochs": (0, 999, 2**63),
    "spec.data.content": ("0" * 64, "", "\x1b[2J"),
    "spec.data.train_images": (1, 10**9),
    "spec.precision": ("float32", "float16"),
    "spec.model.arguments.depth": (10**6, -1, "\x1b[2J", [1, 2]),
    "spec.model.builder": ("models.no_such", "../evil:x", "models.lenet"),
    "spec": ({}, None),
}.items():
    for value in values:
        on_answers(f"{path} = {spell(value)} in all trials", every_trial(path, value))
        on_answers(f"{path} = {spell(value)} in the last trials", last_trial(path, value))
register("proposals: endless", "proposals", endless)
register("proposals: exchanged", "proposals", exchanged)
for name, spoil in SPOILED.items():
    register(
        f"proposals: {name}",
        "proposals",
        lambda draft, choose, spoil=spoil: draft.proposals.update({n: spoil(c) for n, c in draft.proposals.items()}),
    )
