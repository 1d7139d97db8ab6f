"""The same nets in PyTorch, for `throughput.py --torch-python`; needs PyTorch and NumPy, nothing else."""

from __future__ import annotations

import json
import sys
import time
from typing import Any

import torch
from torch import nn

BATCH, IMAGES, SECONDS = 64, 2048, 4.0


def build(net: str) -> nn.Module:
    if net == "LeNet":
        convolutions = [nn.Conv2d(3, 6, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2)]
        dense = [nn.Flatten(), nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10)]
        return nn.Sequential(*convolutions, *dense)
    if net == "ResNet-20":
        return ResNet20()
    blocks = [[16, 16], [32, 32], [64, 64]] if net == "deep(6)" else [[32, 32], [64, 64], [128, 128]]
    layers: list[nn.Module] = []
    channels = 3
    for block in blocks:
        for kernels in block:
            layers += [nn.Conv2d(channels, kernels, 3, padding=1), nn.ReLU()]
            channels = kernels
        layers.append(nn.MaxPool2d(2))
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(channels * 16, 10))


class Block(nn.Module):
    def __init__(self, channels: int, kernels: int, stride: int) -> None:
        super().__init__()
        self.stride = stride
        self.inner = nn.Sequential(
            nn.Conv2d(channels, kernels, 3, stride, 1, bias=False),
            nn.BatchNorm2d(kernels),
            nn.ReLU(),
            nn.Conv2d(kernels, kernels, 3, 1, 1, bias=False),
            nn.BatchNorm2d(kernels),
        )

    def forward(self, features: Any) -> Any:
        shortcut = features
        if self.stride == 2:
            shortcut = features[:, :, ::2, ::2]
            shortcut = torch.cat([shortcut, torch.zeros_like(shortcut)], 1)
        return torch.relu(self.inner(features) + shortcut)


class ResNet20(nn.Sequential):
    def __init__(self) -> None:
        layers: list[nn.Module] = [nn.Conv2d(3, 16, 3, 1, 1, bias=False), nn.BatchNorm2d(16), nn.ReLU()]
        channels = 16
        for kernels in (16, 32, 64):
            for block in range(3):
                layers.append(Block(channels, kernels, 2 if kernels > 16 and block == 0 else 1))
                channels = kernels
        super().__init__(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10))


def main(precision: str, net: str) -> None:
    torch.set_num_threads(1)
    torch.manual_seed(0)
    model = build(net).to(memory_format=torch.channels_last)
    optimiser = torch.optim.Adam(model.parameters(), 1e-4, fused=True)
    images = torch.randint(0, 256, (IMAGES, 3, 32, 32), dtype=torch.uint8).to(memory_format=torch.channels_last)
    labels = torch.randint(0, 10, (IMAGES,))
    loss_of = nn.CrossEntropyLoss()

    def epoch() -> None:
        for start in range(0, IMAGES, BATCH):
            pixels = (images[start : start + BATCH].float() - 127.5) / 64
            with torch.autocast("cpu", torch.bfloat16, enabled=precision == "bfloat16"):
                logits = model(pixels)
            optimiser.zero_grad(set_to_none=True)
            loss_of(logits.float(), labels[start : start + BATCH]).backward()
            optimiser.step()

    epoch()
    started, done = time.perf_counter(), 0
    while time.perf_counter() - started < SECONDS:
        epoch()
        done += IMAGES
    print(json.dumps([done / (time.perf_counter() - started), 0]))


if __name__ == "__main__":
    main(*sys.argv[2:])
