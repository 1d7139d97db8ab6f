"""How long things take: measured on this machine where they were done before, guessed by their size where not.

Everything is counted in seconds of one processor. How long that is by the clock says `wall_seconds`.
"""

from kerascnn.costs.clock import busy_seconds, timed
from kerascnn.costs.guesses import Size
from kerascnn.costs.measured import Costs, Spent, kind_of
from kerascnn.costs.timeline import Stage, wall_seconds

__all__ = ["Costs", "Size", "Spent", "Stage", "busy_seconds", "kind_of", "timed", "wall_seconds"]
