"""All pictures of a set that cannot be read, named at once, so that people can repair a set in one go."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from kerascnn.data.decoded import in_words
from kerascnn.data.naming import legible
from kerascnn.errors import DataError

NAMED_IN_MESSAGES = 10


class Unreadable:
    """Takes note of what cannot be read, and refuses the set in the end. Threads may share one."""

    def __init__(self) -> None:
        self._reasons: dict[str, str] = {}

    @contextmanager
    def noting(self, name: str) -> Iterator[None]:
        """Why every Exception: Pillow raises anything from SyntaxError to MemoryError on damaged bytes."""
        try:
            yield
        except OSError as err:
            self._reasons[name] = err.strerror or in_words(err)
        except ValueError as err:
            self._reasons[name] = in_words(err).removeprefix("ValueError: ")
        except Exception as err:
            self._reasons[name] = in_words(err)

    def check(self, total: int, where: Path) -> None:
        """Raises: DataError that names the first of them, with their reasons, and how many there are."""
        if not self._reasons:
            return
        names = sorted(self._reasons)
        named = [f"{legible(name)} ({self._reasons[name]})" for name in names[:NAMED_IN_MESSAGES]]
        more = f" and {len(names) - len(named):,} more" if len(names) > len(named) else ""
        raise DataError(
            f"every picture must be complete and readable. Received: {len(names):,} of {total:,} that "
            f"{'is' if len(names) == 1 else 'are'} not: {', '.join(named)}{more} (in {where}). Replace them or move them elsewhere."
        )
