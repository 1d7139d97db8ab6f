"""`new`: an experiment of the user's own."""

from __future__ import annotations

import argparse

from kerascnn.commands.verbs.options import Verbs
from kerascnn.errors import UsageError


def declare(verbs: Verbs) -> None:
    """The verb that writes a notebook."""
    new = verbs.add(
        "new",
        "write the notebook of a new experiment; what no option says is asked for",
        "new tanh_vs_relu --differs activation --arms tanh relu",
        _new,
    )
    new.add_argument("name", metavar="NAME", help="its name; without a number it gets the next free one")
    new.add_argument(
        "--builder", metavar="MODEL", help="the model (default: models.small_cnn), or module:function of yours"
    )
    new.add_argument("--model", action="store_true", help="write a net of your own beside the notebook, to be changed")
    new.add_argument("--differs", metavar="ARGUMENT", help="what differs between the arms, such as activation")
    new.add_argument(
        "--arms", nargs="+", metavar="VALUE", help="its values, one arm for each; the first is the baseline"
    )
    new.add_argument("--question", metavar="TEXT", help="the question that it answers")
    new.add_argument(
        "--claim", metavar="TEXT", help="the claim: the last arm is better than the baseline, in your words"
    )
    new.add_argument("--smallest-effect", metavar="X", help="the smallest difference that matters (default: 0.02)")
    new.add_argument("--epochs", metavar="N", help="epochs of the quick profile (default: 4)")
    new.add_argument("--images", metavar="N", help="training images of the quick profile (default: 5000)")


def _new(given: argparse.Namespace) -> int:
    from kerascnn.commands.new import begin

    if given.model and given.builder:
        raise UsageError("`--model` writes a net of its own. Leave out --builder.")
    arms = None if given.arms is None else " ".join(given.arms)
    seeds = None if given.seeds is None else str(given.seeds)
    return begin(given.name, {**vars(given), "arms": arms, "seeds": seeds}, own_net=given.model)
