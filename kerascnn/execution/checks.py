"""Whether this process may train a run: it must be what the run's key says, and the sources too."""

from __future__ import annotations

from pathlib import Path

from kerascnn.errors import KerascnnError
from kerascnn.framework import THREADS, thread_count, unpinned_variables, uses_gpu
from kerascnn.identity import RunIdentity, identify
from kerascnn.machine import device_kind, platform_class, result_versions
from kerascnn.planning.explain import differences


def check_machine(wanted: RunIdentity) -> None:
    """Raises: KerascnnError where this process is of another platform class, or has other versions, than the key says."""
    if wanted.platform != platform_class():
        raise KerascnnError(
            f"This run must be trained on the platform class {wanted.platform}: its key says so. Received: a worker on "
            f"{platform_class()}. Train it on such a machine, or plan it on this one."
        )
    here, there = result_versions(), wanted.versions
    unlike = [name for name in sorted({**here, **there}) if here.get(name) != there.get(name)]
    if unlike:
        received = ", ".join(f"{name} {here.get(name, 'none')} instead of {there.get(name, 'none')}" for name in unlike)
        raise KerascnnError(
            f"This run must be trained with the library versions in its key. Received: a worker with {received}. "
            "Install those. If they changed while the pipeline ran, start it again."
        )


def check_framework(threads: int) -> None:
    """Raises: KerascnnError where the TensorFlow of this process does not compute as a run's key says."""
    if late := unpinned_variables():
        listed = ", ".join(f"{name}={value}" for name, value in sorted(late.items()))
        raise KerascnnError(
            f"A worker must start without {', '.join(sorted(late))}: NumPy or TensorFlow was loaded with it, and it can change "
            f"the bits. Received: {listed}. Unset it and start again."
        )
    if threads != thread_count():
        raise KerascnnError(
            f"This run must be trained by `threads` = {threads}: its key says so. Received: a worker in which TensorFlow has "
            f"{thread_count()}. Leave `threads` at {THREADS}, or start a worker with that many threads."
        )
    if uses_gpu() != (device_kind() != "cpu"):
        raise KerascnnError(
            f"This run must be trained on {device_kind()}: its key says so. Received: a worker in which TensorFlow has "
            f"{'a' if uses_gpu() else 'no'} GPU. Install `tensorflow[and-cuda]` to use it, or set "
            "CUDA_VISIBLE_DEVICES=-1 to train without a GPU."
        )


def check_sources(wanted: RunIdentity, search_path: Path) -> None:
    """Raises: KerascnnError where the sources are no longer those of the run's key."""
    found = identify(wanted.spec, search_path)
    if found.key != wanted.key:
        changes = "; ".join(map(str, differences(found, wanted)))
        raise KerascnnError(
            f"The sources must stay as they were planned. Received: {changes}. Start the pipeline again."
        )
