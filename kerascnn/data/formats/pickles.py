"""Batches in CIFAR's format, pickled by any version of Python and NumPy, read without trusting them.

The unpickler admits plain containers, text, numbers and the ways in which NumPy writes an array, and even those reach
stand-ins here, never NumPy's own constructors. It knows no other opcode, so nothing is called, copied or doubled; what it
builds can be no larger than a small multiple of the file.
"""

from __future__ import annotations

import io
import math
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np

IMAGE_BYTES = 32 * 32 * 3
MOST_OPCODES = 600_000
"""Of one file; the 50,000 images of CIFAR-100 take some 200,000."""
BEGINNINGS = (b"\x80", b"(d", b"}")
"""Of a pickled dictionary: the mark of protocol 2 and later; a dictionary's of protocol 0, and of protocol 1."""
_NO_IMAGES = "no images and labels"


class PickledArray:
    """Stands for an array or a number of NumPy while it is unpickled: its shape, type and bytes as plain values."""

    shape: Any = None
    dtype: Any = None
    fortran: Any = False
    data: Any = None

    def __setstate__(self, state: Any) -> None:
        if not isinstance(state, tuple) or len(state) != 5:
            raise pickle.UnpicklingError("the state of an array is not one that NumPy writes")
        _, self.shape, self.dtype, self.fortran, self.data = state

    def to_planes(self) -> np.ndarray:
        """uint8 `(n, 3072)`. Raises: ValueError when the pickled array is anything else."""
        if not isinstance(self.dtype, PickledDtype) or self.dtype.code != "u1" or self.fortran or not self._is_whole():
            raise ValueError("`data` is not an array of bytes in C order")
        if len(self.shape) == 4 and self.shape[1:] in ((3, 32, 32), (32, 32, 3)):
            images = np.frombuffer(self.data, np.uint8).reshape(self.shape)
            planes = images if self.shape[1] == 3 else images.transpose(0, 3, 1, 2)
            return planes.reshape(-1, IMAGE_BYTES)
        if len(self.shape) != 2 or self.shape[1] != IMAGE_BYTES:
            raise ValueError(f"`data` has shape {self.shape} and {len(self.data):,} bytes, not (n, {IMAGE_BYTES})")
        return np.frombuffer(self.data, np.uint8).reshape(self.shape)

    def to_integers(self) -> np.ndarray:
        """int64 `(n,)`. Raises: ValueError when the pickled array holds anything but integers."""
        kind = self.dtype.code if isinstance(self.dtype, PickledDtype) else ""
        if kind[:1] not in ("i", "u") or kind[1:] not in ("1", "2", "4", "8") or not self._is_whole():
            raise ValueError("labels that are not small integers")
        values = np.frombuffer(self.data, np.dtype(kind).newbyteorder(self.dtype.order)).ravel()
        if len(values) and (values.min() < 0 or values.max() >= 2**31):
            raise ValueError("labels that are not small integers")
        return values.astype(np.int64)

    def _is_whole(self) -> bool:
        """Whether shape and bytes belong together. The shape is believed to be integers only once it is known to be."""
        if not isinstance(self.shape, tuple) or len(self.shape) > 4 or not isinstance(self.data, bytes | bytearray):
            return False
        if not all(type(length) is int and 0 <= length < 2**40 for length in self.shape):
            return False
        return math.prod(self.shape) * int(self.dtype.code[1:] or 0) == len(self.data)


class PickledDtype:
    """Stands for `numpy.dtype`."""

    order = "="

    def __init__(self, code: Any = None, *rest: Any) -> None:
        text = code.decode("ascii", "replace") if isinstance(code, bytes) else code
        self.code = text if isinstance(text, str) and len(text) == 2 and text[1:].isdecimal() else "?0"

    def __setstate__(self, state: Any) -> None:
        order = state[1] if isinstance(state, tuple) and len(state) > 1 else "="
        text = order.decode("ascii", "replace") if isinstance(order, bytes) else order
        self.order = text if text in ("<", ">", "=") else "="


class _PickledType:
    """Stands for `numpy.ndarray` where it is named; it is never called."""


def unpickled(data: bytes) -> dict[str, Any]:
    """The pickled dictionary with its keys as text.

    Raises: pickle.UnpicklingError, ValueError and whatever else damaged bytes bring about.
    """
    values = _Unpickler(data).load()
    if not isinstance(values, dict):
        raise ValueError(f"a pickled {type(values).__name__}, not a dictionary")
    return {key.decode("latin-1") if isinstance(key, bytes) else key: value for key, value in values.items()}


def images_and_labels(data: bytes) -> tuple[np.ndarray, np.ndarray]:
    """Planes uint8 `(n, 3072)` and labels int64 `(n,)` of a pickled batch. Raises: as `unpickled`."""
    values = unpickled(data)
    labels = values.get("fine_labels", values.get("labels"))
    if not isinstance(values.get("data"), PickledArray) or not isinstance(labels, list | tuple | PickledArray):
        names = ", ".join(sorted(values)) or "nothing"
        raise ValueError(f"{_NO_IMAGES}, only {names[:200]}")
    return values["data"].to_planes(), _integers(labels)


def texts(data: bytes, key: str) -> tuple[str, ...]:
    """The list of names under `key` of a pickled dictionary. Raises: as `unpickled`; KeyError where there is none."""
    names = unpickled(data)[key]
    if not isinstance(names, list | tuple) or not all(isinstance(name, bytes | str) for name in names):
        raise ValueError(f"{key} is not a list of names")
    return tuple(name.decode("utf-8") if isinstance(name, bytes) else name for name in names)


def _integers(labels: list[Any] | tuple[Any, ...] | PickledArray) -> np.ndarray:
    if isinstance(labels, PickledArray):
        return labels.to_integers()
    plain = [label.to_integers() if isinstance(label, PickledArray) else label for label in labels]
    plain = [int(label[0]) if isinstance(label, np.ndarray) and len(label) == 1 else label for label in plain]
    if not all(type(label) is int and 0 <= label < 2**31 for label in plain):
        raise ValueError("labels that are not small integers")
    return np.array(plain, np.int64)


def _reconstruct(*arguments: Any) -> PickledArray:
    return PickledArray()


def _from_buffer(*arguments: Any) -> PickledArray:
    """How protocol 5 writes an array: bytes, type, shape, order."""
    if len(arguments) != 4:
        raise pickle.UnpicklingError("an array is not written as NumPy writes it")
    array = PickledArray()
    array.data, array.dtype, array.shape, order = arguments
    array.fortran = order not in ("C", b"C")
    return array


def _scalar(*arguments: Any) -> PickledArray:
    """How a single number of NumPy is written: type, bytes."""
    number = PickledArray()
    number.shape = (1,)
    number.dtype, number.data = arguments if len(arguments) == 2 else (None, None)
    return number


_CORES = ("numpy.core", "numpy._core")
_ADMITTED: dict[tuple[str, str], Any] = {
    **{(f"{core}.multiarray", "_reconstruct"): _reconstruct for core in _CORES},
    **{(f"{core}.multiarray", "scalar"): _scalar for core in _CORES},
    **{(f"{core}.numeric", "_frombuffer"): _from_buffer for core in _CORES},
    ("numpy", "ndarray"): _PickledType,
    ("numpy", "dtype"): PickledDtype,
    ("_codecs", "encode"): None,
}
_CALLABLE = (_reconstruct, _scalar, _from_buffer, PickledDtype)
_OPCODES = [
    "PROTO",
    "FRAME",
    "STOP",
    "MARK",
    "NONE",
    "NEWTRUE",
    "NEWFALSE",
    "INT",
    "BININT",
    "BININT1",
    "BININT2",
    "LONG",
    "LONG1",
    "BINFLOAT",
    "STRING",
    "BINSTRING",
    "SHORT_BINSTRING",
    "UNICODE",
    "BINUNICODE",
    "SHORT_BINUNICODE",
    "BINUNICODE8",
    "BINBYTES",
    "SHORT_BINBYTES",
    "BINBYTES8",
    "BYTEARRAY8",
    "EMPTY_LIST",
    "LIST",
    "APPEND",
    "APPENDS",
    "EMPTY_TUPLE",
    "TUPLE",
    "TUPLE1",
    "TUPLE2",
    "TUPLE3",
    "EMPTY_DICT",
    "DICT",
    "SETITEM",
    "SETITEMS",
    "PUT",
    "BINPUT",
    "LONG_BINPUT",
    "MEMOIZE",
    "GET",
    "BINGET",
    "LONG_BINGET",
    "GLOBAL",
    "STACK_GLOBAL",
    "REDUCE",
    "BUILD",
]
"""What Python writes for dictionaries, lists, text, numbers and arrays. None of them copies what is there already."""


class _Steps:
    """What each opcode does, to be asked only so often."""

    def __init__(self, most: int) -> None:
        self._left = most

    def __getitem__(self, code: int) -> Callable[[Any], None]:
        """Raises: pickle.UnpicklingError when the opcode is none of ours, or there were too many."""
        self._left -= 1
        if self._left < 0:
            raise pickle.UnpicklingError(f"more than {MOST_OPCODES:,} steps")
        if code not in _LOADERS:
            raise pickle.UnpicklingError(f"the pickle has the opcode {code:#04x}, which no CIFAR batch uses")
        return _LOADERS[code]


class _Unpickler(pickle._Unpickler):
    """Why the one written in Python: the one in C takes the size of its memo from the file, and one flipped bit fills memory."""

    def __init__(self, data: bytes) -> None:
        super().__init__(io.BytesIO(data), encoding="bytes")
        self.dispatch = _Steps(MOST_OPCODES)  # type: ignore[assignment, misc]
        self._size_bytes = self._text_left = len(data)

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _ADMITTED:
            raise pickle.UnpicklingError(f"the pickle asks for {module}.{name}, which no CIFAR release does")
        return _ADMITTED[module, name] or self._encode_latin1

    def _encode_latin1(self, text: str, encoding: str) -> bytes:
        """How a Python 3 pickle of the old protocol spells bytes. All of them together are no longer than the file."""
        if encoding not in ("latin1", "latin-1") or not isinstance(text, str):
            raise pickle.UnpicklingError("the pickle asks for an encoding that no CIFAR release has")
        self._text_left -= len(text)
        if self._text_left < 0:
            raise pickle.UnpicklingError("the pickle would create more bytes than it contains")
        return text.encode("latin-1")

    def load_reduce(self) -> None:
        arguments, what = self.stack[-1], self.stack[-2]  # type: ignore[attr-defined]
        if not isinstance(arguments, tuple) or not (what in _CALLABLE or what == self._encode_latin1):
            raise pickle.UnpicklingError("the pickle calls something that is not an array")
        super().load_reduce()  # type: ignore[misc]

    def load_build(self) -> None:
        if not isinstance(self.stack[-2], PickledArray | PickledDtype):  # type: ignore[attr-defined]
            raise pickle.UnpicklingError("the pickle sets the state of something that is not an array")
        super().load_build()  # type: ignore[misc]

    def load_bytearray8(self) -> None:
        """Python's own makes room for what the pickle says before it looks whether that is there."""
        size_bytes = int.from_bytes(self.read(8), "little")  # type: ignore[attr-defined]
        if size_bytes > self._size_bytes:
            raise pickle.UnpicklingError(f"the pickle declares {size_bytes:,} bytes and has {self._size_bytes:,}")
        self.append(self.read(size_bytes))  # type: ignore[attr-defined]

    def load_setitem(self) -> None:
        _check_keys(self.stack[-2:-1])  # type: ignore[attr-defined]
        super().load_setitem()  # type: ignore[misc]

    def load_setitems(self) -> None:
        _check_keys(self.stack[::2])  # type: ignore[attr-defined]
        super().load_setitems()  # type: ignore[misc]

    def load_dict(self) -> None:
        _check_keys(self.stack[::2])  # type: ignore[attr-defined]
        super().load_dict()  # type: ignore[misc]


def _check_keys(keys: list[Any]) -> None:
    """Why: to look up a key of nested tuples takes twice the time with each two bytes."""
    if not all(isinstance(key, str | bytes) for key in keys):
        raise pickle.UnpicklingError("the pickle has a dictionary whose keys are not text")


_LOADERS: dict[int, Callable[[Any], None]] = {
    code: getattr(_Unpickler, pickle._Unpickler.dispatch[code].__name__)
    for code in (getattr(pickle, name)[0] for name in _OPCODES)
}
