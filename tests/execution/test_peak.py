"""A sandbox that does not tell a process' peak memory costs no run."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import pytest

from kerascnn.execution import peak
from kerascnn.execution.peak import settle_peak_memory

TOLD = 12_345


@pytest.fixture
def trainer() -> ModuleType:
    """A stand-in for the module that trains, whose way to ask fails as it does in such a sandbox."""
    module = ModuleType("trainer")

    def reset() -> None:
        raise OSError(22, "Invalid argument")

    module.reset_peak_memory = reset  # type: ignore[attr-defined]
    module.peak_memory_bytes = lambda: TOLD  # type: ignore[attr-defined]
    return module


@pytest.mark.parametrize(
    ("status", "is_asked_otherwise"),
    [("Name:\tpython\nVmPeak:\t9 kB\n", True), ("Name:\tpython\nVmHWM:\t9 kB\n", False), (None, False)],
    ids=["without the line", "with it", "no such file"],
)
def test_where_the_status_lacks_the_peak_it_is_asked_otherwise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trainer: ModuleType, status: str | None, is_asked_otherwise: bool
) -> None:
    if status is not None:
        (tmp_path / "status").write_text(status)
    monkeypatch.setattr(peak, "STATUS", tmp_path / "status")
    settle_peak_memory(trainer)
    trainer.reset_peak_memory()
    assert (trainer.peak_memory_bytes() != TOLD) == is_asked_otherwise
    assert 1e6 < peak.largest_so_far_bytes() < 1e12


def test_the_trainer_has_what_is_mended() -> None:
    """By name, in its source: importing it would load TensorFlow."""
    import kerascnn

    source = (Path(kerascnn.__file__).parent / "training" / "run.py").read_text("utf-8")
    assert "reset_peak_memory()" in source
    assert "peak_memory_bytes()" in source
