"""Puts `factories`, shared by all rooms, within reach of plain pytest."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
