"""Images and labels: where they come from, how they are decoded, and the cache that every process maps them from."""

from kerascnn.data.cache import open_dataset, verify
from kerascnn.data.companions import COMPANIONS, with_companions
from kerascnn.data.dataset import Dataset
from kerascnn.data.enough import check_enough, lacking
from kerascnn.data.inventory import FETCHED, DataSource, describe_sources, fetch
from kerascnn.data.load import load_dataset
from kerascnn.data.transfer import stop_transfers

__all__ = [
    "COMPANIONS",
    "FETCHED",
    "DataSource",
    "Dataset",
    "check_enough",
    "describe_sources",
    "fetch",
    "lacking",
    "load_dataset",
    "open_dataset",
    "stop_transfers",
    "verify",
    "with_companions",
]
