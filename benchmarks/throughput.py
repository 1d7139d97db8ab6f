"""Training speed, images/s of both cores, against plain Keras and, where it is installed, PyTorch.

    python benchmarks/throughput.py                          # ours and plain Keras, ratios from this one run
    python benchmarks/throughput.py --torch-python PATH      # PyTorch from the environment of another Python as well

Ours: one process of one thread per core, training steps only, in bfloat16 (float32 in the second column). Plain Keras: `model.fit`,
float32, all cores in one process, Keras' own layers. PyTorch: one process of one thread per core, channels last, bfloat16 autocast and
float32: the better of the two. The matrix peak is that of 2048 x 2048 bfloat16 products, one process per core.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
NETS: dict[str, tuple[str, dict[str, Any]]] = {
    "LeNet": ("models.lenet", {}),
    "deep(6)": ("models.deep", {"depth": 6}),
    "VGG 32/64/128": ("models.vgg", {"blocks": [[32, 32], [64, 64], [128, 128]]}),
    "ResNet-20": ("bench_models:resnet20", {}),
}
BATCH, IMAGES, SECONDS, ROUNDS = 64, 2048, 4.0, 2


def measure(steps: Any, seconds: float = SECONDS) -> float:
    """Images per second of calls of `steps`, each over `IMAGES` images, after one to warm up."""
    steps()
    started, done = time.perf_counter(), 0
    while time.perf_counter() - started < seconds:
        steps()
        done += IMAGES
    return done / (time.perf_counter() - started)


def make_pictures() -> tuple[Any, Any]:
    import numpy as np

    rng = np.random.default_rng(0)
    return rng.integers(0, 256, (IMAGES, 32, 32, 3), np.uint8), rng.integers(0, 10, IMAGES).astype(np.int32)


def run_ours(net: str, precision: str) -> tuple[float, int]:
    """Images/s of one process and the net's multiply-adds for one image."""
    import numpy as np
    import tensorflow as tf

    from kerascnn.specs import DataSpec, ModelSpec, TrainSpec
    from kerascnn.training.cost import count_multiply_adds
    from kerascnn.training.inputs import Affine
    from kerascnn.training.loop import Images, Program

    builder, arguments = NETS[net]
    spec = TrainSpec(
        data=DataSpec(content="random"),
        model=ModelSpec(builder=builder, arguments=arguments),
        epochs=1,
        seed=1,
        precision=precision,  # type: ignore[arg-type]
        batch_size=BATCH,
    )
    program = Program(spec, (32, 32, 3), 10, HERE)
    program.reset(1)
    pictures, labels = make_pictures()
    data = Images(tf.constant(pictures), tf.constant(labels))
    affine = Affine(np.full(3, 127.5, np.float32), np.full(3, 1 / 64, np.float32))
    order = np.arange(IMAGES, dtype=np.int32).reshape(-1, BATCH)
    rates = np.full(len(order), 1e-4, np.float32)
    return measure(lambda: program.train(data, order, rates, affine, 1, 0)), count_multiply_adds(program.model)


def run_keras(net: str) -> float:
    """Images/s of `model.fit` as a notebook would call it, on all cores."""
    import keras
    import numpy as np

    from kerascnn.specs import ModelSpec
    from kerascnn.training.build import build_model

    builder, arguments = NETS[net]
    own = {"keras_norm": True} if net == "ResNet-20" else {}
    spec = ModelSpec(builder=builder, arguments=arguments | own)
    network = build_model(spec, (32, 32, 3), 10, precision="float32", search_path=HERE)
    network.compile(
        keras.optimizers.Adam(1e-4),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    pictures, labels = make_pictures()
    inputs = ((pictures - 127.5) / 64).astype(np.float32)
    return measure(lambda: network.fit(inputs, labels, batch_size=BATCH, verbose=0))


def run_peak() -> float:
    """Multiply-adds per second of one process in bfloat16 matrix products."""
    import tensorflow as tf

    size = 2048
    left, right = (tf.cast(tf.random.normal([size, size]), tf.bfloat16) for _ in range(2))

    @tf.function
    def multiply() -> Any:
        return tf.matmul(left, right)

    multiply().numpy()
    started, done = time.perf_counter(), 0
    while time.perf_counter() - started < SECONDS:
        multiply().numpy()
        done += size**3
    return done / (time.perf_counter() - started)


def work(task: str, net: str) -> None:
    """What a process does that this script starts; prints a JSON list."""
    if task == "peak":
        print(json.dumps([run_peak(), 0]))
    elif task == "keras":
        print(json.dumps([run_keras(net), 0]))
    else:
        print(json.dumps(run_ours(net, task)))


def run_processes(task: str, net: str, count: int, python: str = sys.executable, script: str = __file__) -> list[Any]:
    """The answers of `count` processes at once."""
    threads = {} if task == "keras" else dict.fromkeys(("TF_NUM_INTRAOP_THREADS", "OMP_NUM_THREADS"), "1")
    if threads:
        threads["TF_NUM_INTEROP_THREADS"] = "1"
    started = [
        subprocess.Popen(
            [python, script, "--work", task, net],
            env=os.environ | threads | {"TF_CPP_MIN_LOG_LEVEL": "3"},
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        for _ in range(count)
    ]
    answers = [process.communicate()[0] for process in started]
    return [json.loads(answer.splitlines()[-1]) for answer in answers]


def compare(net: str, cores: int, torch_python: str | None, peak: float) -> str:
    """One row: medians of rounds in which every contender runs in turn."""
    rounds: dict[str, list[float]] = {}
    multiply_adds = 0
    for _ in range(ROUNDS):
        for precision in ("bfloat16", "float32"):
            answers = run_processes(precision, net, cores)
            multiply_adds = answers[0][1]
            rounds.setdefault(precision, []).append(sum(rate for rate, _ in answers))
        rounds.setdefault("keras", []).append(run_processes("keras", net, 1)[0][0])
        if torch_python:
            script = str(HERE / "throughput_torch.py")
            for precision in ("bfloat16", "float32"):
                answers = run_processes(precision, net, cores, torch_python, script)
                rounds.setdefault(f"torch {precision}", []).append(sum(rate for rate, _ in answers))
    speed = {name: statistics.median(rates) for name, rates in rounds.items()}
    torch_best = max((rate for name, rate in speed.items() if name.startswith("torch")), default=None)
    best = max(speed["bfloat16"], speed["float32"])
    cells = [net, f"{speed['bfloat16']:,.0f}", f"{speed['float32']:,.0f}", f"{speed['keras']:,.0f}"]
    cells += [f"{torch_best:,.0f}" if torch_best else "-", f"{best / speed['keras']:.2f}"]
    cells += [f"{best / torch_best:.2f}" if torch_best else "-"]
    cells += [f"{3 * multiply_adds * speed['bfloat16'] / peak:.0%}"]
    return f"| {' | '.join(cells)} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--torch-python", help="a Python that has PyTorch")
    parser.add_argument("--only", nargs="+", choices=NETS, default=list(NETS))
    parser.add_argument("--work", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.work:
        work(*options.work)
        return
    cores = len(os.sched_getaffinity(0))
    peak = sum(rate for rate, _ in run_processes("peak", "", cores))
    print(f"bfloat16 matrix peak of {cores} processes: {2 * peak / 1e9:,.0f} GFLOP/s\n")
    print(
        "| Net | ours, bfloat16 | ours, float32 | plain Keras | PyTorch | ours / Keras | ours / PyTorch | of the peak |"
    )
    print("|---|---:|---:|---:|---:|---:|---:|---:|")
    for net in options.only:
        print(compare(net, cores, options.torch_python, peak), flush=True)


if __name__ == "__main__":
    main()
