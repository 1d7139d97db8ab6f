"""Where things lie: the checkout, its experiments, the store, the reports."""

from __future__ import annotations

import os
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[1]


def experiments_folder() -> Path:
    """The notebooks: `experiments/` of the checkout, or KERASCNN_EXPERIMENTS."""
    return Path(os.environ.get("KERASCNN_EXPERIMENTS") or CHECKOUT / "experiments").resolve()


def store_folder() -> Path:
    """The runs: `runs/` of the checkout, or KERASCNN_STORE."""
    return Path(os.environ.get("KERASCNN_STORE") or CHECKOUT / "runs").resolve()


def reports_folder() -> Path:
    """The rendered pages: `reports/` of the checkout, or KERASCNN_REPORTS."""
    return Path(os.environ.get("KERASCNN_REPORTS") or CHECKOUT / "reports").resolve()
