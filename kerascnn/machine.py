"""What this machine is, as far as it can change a result: platform class, number format, versions."""

from __future__ import annotations

import importlib.metadata
import os
import platform
from functools import cache
from pathlib import Path

from kerascnn.specs import Precision
from kerascnn.surroundings.cores import count_cores
from kerascnn.surroundings.kernel_files import read_kernel_file

INSTRUCTION_SETS = ("amx_bf16", "avx512_bf16", "avx512f", "avx2", "avx", "sse4_1")
"""What oneDNN dispatches to on x86, best first, by the names the kernel gives them."""

NATIVE_BFLOAT16 = ("amx_bf16", "avx512_bf16")

RESULT_PACKAGES = ("tensorflow", "keras", "numpy")
"""The libraries whose version can change the bits of a run."""


@cache
def instruction_set() -> str:
    """The widest instruction set that this processor offers, `baseline` where none can be told."""
    text = read_kernel_file(Path("/proc/cpuinfo"))
    if not text:
        return "neon" if platform.machine() in ("arm64", "aarch64") else "baseline"
    line = next((line for line in text.splitlines() if line.startswith(("flags", "Features"))), "")
    flags = set(line.split())
    return next((name for name in INSTRUCTION_SETS if name in flags), "neon" if "asimd" in flags else "baseline")


@cache
def device_kind() -> str:
    """`cpu`, or the model of the first NVIDIA GPU that TensorFlow's CUDA libraries can use."""
    cards = sorted(Path("/proc/driver/nvidia/gpus").glob("*/information"))
    hidden = os.environ.get("CUDA_VISIBLE_DEVICES") in ("", "-1")
    if not cards or hidden or not _is_installed("nvidia-cudnn-cu12"):
        return "cpu"
    lines = read_kernel_file(cards[0]).splitlines()
    model = next((line for line in lines if line.startswith("Model")), "Model: unknown")
    return "gpu:" + model.partition(":")[2].strip().replace(" ", "-")


def platform_class() -> str:
    """The class of machines on which the same spec gives the same bits."""
    return f"{platform.system().lower()}-{platform.machine()}-{instruction_set()}-{device_kind()}"


def native_precision() -> Precision:
    """The narrowest number format that this hardware computes in natively and that training bears."""
    return "bfloat16" if device_kind() != "cpu" or instruction_set() in NATIVE_BFLOAT16 else "float32"


@cache
def result_versions() -> dict[str, str]:
    """Version of every library that can change the bits of a run."""
    return {name: importlib.metadata.version(name) for name in RESULT_PACKAGES}


def usable_cores() -> int:
    """How many workers this process can keep busy with its share of the cores; one where a GPU does the work."""
    if device_kind() != "cpu":
        return 1
    return count_cores()


def _is_installed(package: str) -> bool:
    try:
        importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True
