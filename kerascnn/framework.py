"""The rule for what Keras and TensorFlow find around them, and the one place that loads them.

A setting from outside that changes what is computed is pinned: `pin_environment` takes away what is not ours before
anything numeric is loaded, `load_keras` sets what `keras.json` may have changed. Where that comes too late, a worker
refuses to train. What cannot be pinned (processor, device, versions) is in the key. docs/what-a-key-covers.md says
what is in which class.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from kerascnn.errors import UsageError
from kerascnn.places import keras_folder

THREADS = 1
"""Threads of each worker: their number changes the bits, and processes use the cores better."""

PINNED = {
    "KERAS_BACKEND": "tensorflow",
    "KERAS_NNX_ENABLED": "false",
    "TF2_BEHAVIOR": "1",
    "TF_NUM_INTRAOP_THREADS": str(THREADS),
    "TF_NUM_INTEROP_THREADS": str(THREADS),
    "OMP_NUM_THREADS": str(THREADS),
    "OPENBLAS_NUM_THREADS": str(THREADS),
    "MKL_NUM_THREADS": str(THREADS),
    "PYTHONHASHSEED": "0",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "GRPC_VERBOSITY": "NONE",
}
"""What every worker and every kernel of the pipeline has, whatever the shell says."""

PREFIXES = (
    "TF_", "TF2_", "XLA_", "KERAS_", "ONEDNN_", "DNNL_", "MKL_", "MKLDNN_", "ZENDNN_", "OMP_", "GOMP_", "KMP_", "OPENBLAS_",
    "GOTO_", "BLIS_", "VECLIB_", "NPY_", "NUMPY_", "NVIDIA_TF32_", "CUBLAS_", "CUBLASLT_", "CUDNN_",
)  # fmt: skip
"""Names that begin so steer how Keras, TensorFlow, NumPy and the libraries below them compute."""

HARMLESS = {
    "KERAS_HOME", "TF_FORCE_GPU_ALLOW_GROWTH", "TF_GPU_ALLOCATOR", "TF_CPP_MAX_VLOG_LEVEL", "TF_CPP_MIN_LOG_LEVEL", "KMP_DUPLICATE_LIB_OK", "KMP_INIT_AT_FORK",
}  # fmt: skip
"""Of those, what changes no number: where files lie, how memory is taken, what is logged."""

DEFAULTS = {"floatx": "float32", "epsilon": 1e-7, "image_data_format": "channels_last"}
"""Keras' own, which `keras.json` may have changed."""

PASTIMES = ("matplotlib", "pandas", "sklearn")
"""What Keras loads beside itself where it is installed, to plot, to slice tables and to wrap models: no run asks for it."""

_too_late: dict[str, str] = {}


def foreign_variables(environment: Mapping[str, str]) -> dict[str, str]:
    """The variables that steer how is computed and are not as they are pinned."""
    return {
        name: value
        for name, value in environment.items()
        if name.startswith(PREFIXES) and name not in HARMLESS and value != PINNED.get(name)
    }


def pin_environment() -> None:
    """Take from this process' environment what is not ours, and set what is. To be called before NumPy is loaded.

    What was loaded earlier has read its variables: `unpinned_variables` remembers them.
    """
    foreign = foreign_variables(os.environ)
    if "numpy" in sys.modules or "tensorflow" in sys.modules:
        # Numbers of threads are not among them: TensorFlow's is measured, NumPy's changes no sum of a run.
        _too_late.update({name: value for name, value in foreign.items() if not name.endswith("_THREADS")})
    for name in foreign:
        del os.environ[name]
    os.environ.update(PINNED)


def unpinned_variables() -> dict[str, str]:
    """What was set otherwise when NumPy or TensorFlow was loaded into this process."""
    return dict(_too_late)


def load_keras() -> Any:
    """Keras on TensorFlow with its own defaults, whatever `keras.json` and the environment say.

    Raises: UsageError when Keras is already loaded on another backend, or cannot be loaded with `keras.json`.
    """
    if "tensorflow" not in sys.modules:
        pin_environment()
    keras = _import_keras()
    if keras.config.backend() != PINNED["KERAS_BACKEND"]:
        raise UsageError(
            f"Keras must compute on tensorflow. Received: {keras.config.backend()} ({_who_chose_the_backend()}), loaded "
            "before kerascnn was asked. Take that away and start the process again."
        )
    for name, value in DEFAULTS.items():
        if getattr(keras.config, name)() != value:
            getattr(keras.config, f"set_{name}")(value)
    _set_threads()
    return keras


@contextlib.contextmanager
def without_pastimes() -> Iterator[None]:
    """For a process that only trains: Keras is loaded without `PASTIMES`, which are two fifths of what that takes.

    Keras takes them for not installed, then and later; everybody else may import them afterwards.
    """
    left_out = [name for name in PASTIMES if name not in sys.modules]
    sys.modules.update(dict.fromkeys(left_out))  # type: ignore[arg-type]
    try:
        yield
    finally:
        for name in left_out:
            del sys.modules[name]


def thread_count() -> int:
    """How many threads an operation of TensorFlow has in this process."""
    import tensorflow as tf

    said = tf.config.threading.get_intra_op_parallelism_threads()
    # 0: TensorFlow was started before it could be told, and found its number in the environment.
    return said or int(os.environ.get("TF_NUM_INTRAOP_THREADS") or os.cpu_count() or 1)


def uses_gpu() -> bool:
    """Whether TensorFlow computes on a GPU in this process."""
    import tensorflow as tf

    return bool(tf.config.list_physical_devices("GPU"))


def _set_threads() -> None:
    import tensorflow as tf

    threading = tf.config.threading
    try:
        threading.set_intra_op_parallelism_threads(THREADS)
        threading.set_inter_op_parallelism_threads(THREADS)
    except RuntimeError:
        return  # TensorFlow has computed here already: a worker compares `thread_count` with its task


def _import_keras() -> Any:
    try:
        import keras
    except (ValueError, TypeError, AttributeError, OSError) as err:
        if not _settings_file().exists():
            raise
        raise UsageError(
            f"Keras must be able to read its settings. Received: {err} (in {_settings_file()}). Fix that file, or "
            "delete it: Keras writes a new one."
        ) from err
    return keras


def _who_chose_the_backend() -> str:
    if os.environ.get("KERAS_BACKEND"):
        return "the variable KERAS_BACKEND"
    return f"the file {_settings_file()}" if _settings_file().exists() else "set in the code"


def _settings_file() -> Path:
    return (keras_folder() or Path(".keras")) / "keras.json"
