"""Files by which the kernel speaks of a process; a sandbox may lack any of them, or any line of theirs."""

from __future__ import annotations

from pathlib import Path


def read_kernel_file(path: Path) -> str:
    """What the file says; nothing where it is not there or may not be read."""
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
