"""What the shell and keras.json say does not reach what workers and kernels compute."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pool_tasks
import pytest

import kerascnn
from kerascnn import framework
from kerascnn.errors import UsageError
from kerascnn.execution.pool import LocalExecutor
from kerascnn.framework import PINNED, foreign_variables, load_keras

STEERING = {
    "TF_ENABLE_ONEDNN_OPTS": "0",
    "TF_XLA_FLAGS": "--tf_xla_auto_jit=2",
    "TF_DETERMINISTIC_OPS": "1",
    "TF_USE_LEGACY_KERAS": "1",
    "TF2_BEHAVIOR": "0",
    "XLA_FLAGS": "--xla_cpu_enable_fast_math=true",
    "ONEDNN_MAX_CPU_ISA": "AVX2",
    "ONEDNN_DEFAULT_FPMATH_MODE": "BF16",
    "DNNL_MAX_CPU_ISA": "SSE41",
    "OPENBLAS_CORETYPE": "Haswell",
    "NPY_DISABLE_CPU_FEATURES": "AVX512F",
    "NVIDIA_TF32_OVERRIDE": "0",
    "CUDNN_CONV_WSCAP_DBG": "1",
    "CUBLAS_WORKSPACE_CONFIG": ":16:8",
    "KERAS_BACKEND": "jax",
    "KERAS_MAX_EPOCHS": "1",
    "KMP_BLOCKTIME": "0",
    "MKL_CBWR": "COMPATIBLE",
    "OMP_NUM_THREADS": "7",
    "TF_NUM_INTRAOP_THREADS": "7",
}
LEFT_ALONE = {
    "CUDA_VISIBLE_DEVICES": "1",
    "KERAS_HOME": "/k",
    "TF_FORCE_GPU_ALLOW_GROWTH": "true",
    "KERASCNN_STORE": "s",
}
REPORT = """
import json, sys
from kerascnn.execution.loading import load_timed
from kerascnn.framework import PASTIMES
keras = load_timed()
import kerascnn.training.run
pastimes = [name for name in PASTIMES if name in sys.modules]
import tensorflow as tf
settings = [keras.config.backend(), keras.config.floatx(), keras.config.epsilon(), keras.config.image_data_format(),
            tf.config.threading.get_intra_op_parallelism_threads()]
import matplotlib.pyplot, pandas, sklearn
table = pandas.DataFrame({"a": [1, 2]})
print(json.dumps({"settings": settings, "pastimes": pastimes, "shape of a table made later": table.shape}))
"""


def report(home: Path, code: str = REPORT, **environment: str) -> subprocess.CompletedProcess[str]:
    """What a process with this home and environment says of its Keras."""
    folder = str(Path(kerascnn.__file__).parent.parent)
    plain = {"PYTHONPATH": folder, "PATH": os.environ["PATH"], "HOME": str(home), **environment}
    return subprocess.run([sys.executable, "-c", code], env=plain, capture_output=True, text=True, check=False)


def settings(home: Path, text: str) -> Path:
    """The keras.json of that home."""
    (home / ".keras").mkdir()
    file = home / ".keras" / "keras.json"
    file.write_text(text)
    return file


@pytest.fixture
def lane(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalExecutor]:
    """A worker started from a shell full of settings."""
    for name, value in {**STEERING, **LEFT_ALONE}.items():
        monkeypatch.setenv(name, value)
    executor = LocalExecutor(1, {}, tmp_path / "log")
    yield executor
    executor.shutdown(cancel_futures=True)


def test_every_variable_that_steers_the_computing_is_foreign_and_no_other() -> None:
    assert foreign_variables({**STEERING, **LEFT_ALONE, **os.environ, **STEERING}).keys() >= STEERING.keys()
    assert foreign_variables(LEFT_ALONE) == {}
    assert foreign_variables(PINNED) == {}


def test_a_worker_has_none_of_the_shells_settings_and_all_of_ours(lane: LocalExecutor) -> None:
    seen = {name: lane.submit(pool_tasks.environment_variable, name).result(60) for name in {**STEERING, **PINNED}}
    assert seen == {name: PINNED.get(name) for name in seen}


def test_a_worker_keeps_what_changes_no_number(lane: LocalExecutor) -> None:
    seen = {name: lane.submit(pool_tasks.environment_variable, name).result(60) for name in LEFT_ALONE}
    assert seen == LEFT_ALONE


def test_a_worker_is_pinned_before_numpy_is_loaded(lane: LocalExecutor) -> None:
    assert lane.submit(pool_tasks.loaded_modules, "numpy", "tensorflow", "keras").result(60) == []


OLD_IMAGE = {"backend": "mxnet", "floatx": "float16", "epsilon": 1e-3, "image_data_format": "channels_first"}


@pytest.fixture(scope="module")
def worker_under_an_old_image(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What a process that loads what a worker loads says of it, where another Keras left its settings.

    One for all, for loading TensorFlow takes longer than all the rest.
    """
    home = tmp_path_factory.mktemp("home")
    settings(home, json.dumps(OLD_IMAGE))
    said = report(home, KERAS_BACKEND="jax", TF_NUM_INTRAOP_THREADS="5")
    assert said.returncode == 0, said.stderr
    return json.loads(said.stdout)


def test_an_old_settings_file_changes_nothing(worker_under_an_old_image: dict[str, Any]) -> None:
    assert worker_under_an_old_image["settings"] == ["tensorflow", "float32", 1e-7, "channels_last", 1]


def test_a_worker_loads_nothing_that_keras_uses_for_plots_and_tables_and_can_load_it_later(
    worker_under_an_old_image: dict[str, Any],
) -> None:
    assert worker_under_an_old_image["pastimes"] == []
    assert worker_under_an_old_image["shape of a table made later"] == [2, 1]


@pytest.mark.parametrize("text", ['{"floatx": "float17"}', '["floatx"]'])
def test_a_settings_file_that_keras_cannot_read_is_named(tmp_path: Path, text: str) -> None:
    file = settings(tmp_path, text)
    said = report(tmp_path)
    assert "UsageError: Keras must be able to read its settings." in said.stderr
    assert str(file) in said.stderr


@pytest.mark.parametrize("variable", ["jax", ""])
def test_keras_on_another_backend_is_refused_with_the_name_of_who_chose_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    keras = load_keras()
    file = settings(tmp_path, '{"backend": "jax"}')
    monkeypatch.setenv("KERAS_HOME", str(file.parent))
    monkeypatch.setenv("KERAS_BACKEND", variable)
    monkeypatch.setattr(keras.config, "backend", lambda: "jax")
    with pytest.raises(UsageError, match="Received: jax") as raised:
        load_keras()
    assert ("the variable KERAS_BACKEND" if variable else str(file)) in str(raised.value)


TOO_LATE = """
import numpy
from kerascnn.framework import pin_environment, unpinned_variables
pin_environment()
print(sorted(unpinned_variables()))
"""


def test_what_was_set_when_numpy_was_loaded_is_remembered(tmp_path: Path) -> None:
    said = report(tmp_path, TOO_LATE, OPENBLAS_CORETYPE="Haswell", OMP_NUM_THREADS="3", KERASCNN_STORE="x")
    assert said.stdout.strip() == "['OPENBLAS_CORETYPE']", said.stderr


def test_threads_are_counted_where_tensorflow_was_told_and_where_it_found_them(monkeypatch: pytest.MonkeyPatch) -> None:
    import tensorflow as tf

    load_keras()
    monkeypatch.setattr(tf.config.threading, "get_intra_op_parallelism_threads", lambda: 3)
    assert framework.thread_count() == 3
    monkeypatch.setattr(tf.config.threading, "get_intra_op_parallelism_threads", lambda: 0)
    monkeypatch.setenv("TF_NUM_INTRAOP_THREADS", "2")
    assert framework.thread_count() == 2
    monkeypatch.delenv("TF_NUM_INTRAOP_THREADS")
    assert framework.thread_count() == os.cpu_count()


def test_what_was_loaded_before_keras_stays_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    import pandas

    monkeypatch.delitem(sys.modules, "sklearn", raising=False)
    with framework.without_pastimes():
        assert sys.modules["pandas"] is pandas
        with pytest.raises(ImportError):
            import sklearn  # noqa: F401
    assert "sklearn" not in sys.modules
