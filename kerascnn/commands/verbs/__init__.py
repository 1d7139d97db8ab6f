"""The command line as it is typed: every verb with its help, its arguments and the function that carries it out.

Those functions import what they need when they are called, so that `--help` and a mistake are answered at once.
"""

from kerascnn.commands.verbs import ask, keep, make, new, show
from kerascnn.commands.verbs.options import Verbs


def declare_all(verbs: Verbs) -> None:
    """Every verb, in the order of the help."""
    for room in (make, ask, new, show, keep):
        room.declare(verbs)
