"""Builders of networks. A builder takes (image_shape, classes, **arguments) and gives a `keras.Model`
that maps normalised float images (n, height, width, channels) to logits (n, classes), or (n, height, width, classes)
where every pixel gets an answer.

Importing this package loads no Keras; `load_builder` does.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from kerascnn.errors import UsageError, near_match
from kerascnn.models.own_modules import import_own_module

if TYPE_CHECKING:
    import keras

BUILDERS = {
    "models.linear": ("kerascnn.models.dense", "linear"),
    "models.mlp": ("kerascnn.models.dense", "mlp"),
    "models.lenet": ("kerascnn.models.lenet", "lenet"),
    "models.small_cnn": ("kerascnn.models.small_cnn", "small_cnn"),
    "models.vgg": ("kerascnn.models.vgg", "vgg"),
    "models.deep": ("kerascnn.models.vgg", "deep"),
    "models.cheap": ("kerascnn.models.vgg", "cheap"),
    "models.tapered": ("kerascnn.models.vgg", "tapered"),
    "models.lenet5": ("kerascnn.models.lenet5", "lenet5"),
    "models.network_in_network": ("kerascnn.models.network_in_network", "network_in_network"),
    "models.alexnet": ("kerascnn.models.alexnet", "alexnet"),
    "models.zfnet": ("kerascnn.models.zfnet", "zfnet"),
    "models.vgg16": ("kerascnn.models.vgg16", "vgg16"),
    "models.googlenet": ("kerascnn.models.googlenet", "googlenet"),
    "models.resnet": ("kerascnn.models.resnet", "resnet"),
    "models.residual": ("kerascnn.models.resnet", "residual"),
    "models.mobilenet": ("kerascnn.models.mobilenet", "mobilenet"),
    "models.densenet": ("kerascnn.models.densenet", "densenet"),
    "models.convnext": ("kerascnn.models.convnext", "convnext"),
    "models.unet": ("kerascnn.models.unet", "unet"),
}
"""Name in a ModelSpec -> (module, function)."""


def locate_builder(name: str) -> tuple[str, str]:
    """(module, function) of the builder `name`, without importing it.

    Raises: UsageError when `name` is neither a known `models.*` name nor `module:function`.
    """
    if name in BUILDERS:
        return BUILDERS[name]
    module, colon, function = name.partition(":")
    if not (colon and module and function):
        raise UsageError(
            f"A model must be named `models.NAME` or `module:function`. Received: {name!r}. {near_match(name, BUILDERS)}"
        )
    return module, function


def load_builder(name: str, search_path: Path, *, afresh: bool = False) -> Callable[..., keras.Model]:
    """The builder function `name`; a user's own module is looked for in the folder `search_path`.

    `afresh`: a user's modules are imported anew, so that nothing is left of what they did before.
    Raises: UsageError when the module cannot be imported or has no such function.
    """
    module_name, function = locate_builder(name)
    if module_name.startswith("kerascnn."):
        module = importlib.import_module(module_name)
    else:
        module = import_own_module(module_name, search_path, name, afresh=afresh)
    if not callable(getattr(module, function, None)):
        known = [key for key, value in vars(module).items() if callable(value)]
        raise UsageError(f"Model {name!r}: module {module_name} has no {function!r}. {near_match(function, known)}")
    return getattr(module, function)
