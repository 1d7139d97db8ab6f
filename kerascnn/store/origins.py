"""Where the runs were made that came from other machines."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from kerascnn.identity import Origin
from kerascnn.ownership.locks import process_lock
from kerascnn.specs import Spec
from kerascnn.store.files import load_spec, write_replacing, writing_to


class TakenIn(Spec, frozen=True, kw_only=True):
    """The file that names the origins of runs from other machines."""

    origins: tuple[Origin, ...]


class Origins:
    """The list `_taken_in.json` of the store at `root`, changed under a lock."""

    def __init__(self, root: Path) -> None:
        self._root, self._file = root, root / "_taken_in.json"

    def known(self) -> tuple[Origin, ...]:
        """All that were added."""
        taken = load_spec(self._file, TakenIn)
        return taken.origins if taken else ()

    def add(self, origin: Origin) -> None:
        """Add one unless it is known."""
        if origin not in self.known():
            self._change(lambda known: known if origin in known else (*known, origin))

    def forget(self, origin: Origin) -> None:
        """Take one off the list."""
        self._change(lambda known: tuple(other for other in known if other != origin))

    def _change(self, change: Callable[[tuple[Origin, ...]], tuple[Origin, ...]]) -> None:
        with writing_to(self._root):
            (self._root / "_locks").mkdir(parents=True, exist_ok=True)
            with process_lock(
                self._root / "_locks" / "taken_in.lock", waits_for=f"the list of origins in {self._root}"
            ):
                write_replacing(self._file, TakenIn(origins=change(self.known())).canonical_json())
