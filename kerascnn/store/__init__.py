"""The store: finished runs under their keys, checked, never half-written; and files written whole."""

from kerascnn.store.entry import ENTRY_FILES, MANIFEST, DamagedEntry, check_files, read_arrays
from kerascnn.store.files import (
    load_spec,
    names_in,
    read_file,
    reading_from,
    write_replacing,
    writing_to,
)
from kerascnn.store.soundness import check_entry, check_finite, check_shapes
from kerascnn.store.store import Store

__all__ = [
    "ENTRY_FILES",
    "MANIFEST",
    "DamagedEntry",
    "Store",
    "check_entry",
    "check_files",
    "check_finite",
    "check_shapes",
    "load_spec",
    "names_in",
    "read_arrays",
    "read_file",
    "reading_from",
    "write_replacing",
    "writing_to",
]
