"""Data sets of every format, and what disks, transport and bad intent make of their files."""

from __future__ import annotations

import gzip
import io
import os
import pickle
import pickletools
import random
import shutil
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tiny_sets as tiny
from judging import HANG_SECONDS, complaints
from warm import Commands, Done
from zips import flip

KILL_SECONDS = 30.0
SPARSE_BYTES = 3_000_000_000
Rewrite = Callable[[bytes, random.Random], bytes]


def _own_batches(protocol: int) -> Callable[[Path], Path]:
    def write(folder: Path) -> Path:
        folder.mkdir(parents=True)
        for name, pixels in (("data_batch_1", tiny.TRAIN_PIXELS), ("test_batch", tiny.TEST_PIXELS)):
            planes = np.ascontiguousarray(pixels.transpose(0, 3, 1, 2).reshape(len(pixels), -1))
            batch = {"data": planes, "labels": np.arange(len(pixels)) % 2, "filenames": ["a.png"] * len(pixels)}
            (folder / name).write_bytes(pickle.dumps(batch, protocol=protocol))
        (folder / "batches.meta").write_bytes(pickle.dumps({"label_names": ["rose", "tulip"]}, protocol=protocol))
        return folder

    return write


def _pictures(suffix: str) -> Callable[[Path], Path]:
    return lambda folder: tiny.write_pictures(folder, suffix=suffix)


def _packed(folder: Path) -> Path:
    arrays = np.load(tiny.write_npz(folder / "plain.npz"))
    np.savez_compressed(folder / "packed.npz", **{name: arrays[name] for name in arrays.files})
    return folder / "packed.npz"


def _parts(folder: Path) -> Path:
    tiny.write_pictures(folder / "train")
    tiny.write_pictures(folder / "test", count=2)
    return folder


WRITERS = {
    **tiny.WRITERS,
    **{f"pictures {suffix}": _pictures(suffix) for suffix in ("gif", "bmp", "tif", "webp", "ppm")},
    **{f"own batches, protocol {protocol}": _own_batches(protocol) for protocol in (0, 2, 4, 5)},
    "packed npz": _packed,
    "pictures in parts": _parts,
}
FORMATS = tuple(WRITERS)


def _cut(content: bytes, choose: random.Random) -> bytes:
    return content[: choose.randrange(len(content) or 1)]


def _at(content: bytes, choose: random.Random, first: int, last: int | None, what: bytes) -> bytes:
    """`what` in the place of as many bytes, somewhere between two places."""
    places = range(len(content))[first:last] or range(1)
    place = choose.choice(places)
    return content[:place] + what + content[place + len(what) :]


def _number(content: bytes, choose: random.Random, first: int, last: int | None) -> bytes:
    """A number that is too large, too small or odd where a file may have one."""
    value = choose.choice([0, 1, 0x7F, 0xFF, 0x7FFF, 0xFFFF, 2**20, 2**31 - 1, 2**31, 2**32 - 1])
    size, order = choose.choice([(2, ">H"), (2, "<H"), (4, ">I"), (4, "<I")])
    return _at(content, choose, first, last, struct.pack(order, value % 2 ** (8 * size)))


def _hole(content: bytes, choose: random.Random) -> bytes:
    return _at(content, choose, 0, None, bytes(512))


def _inserted(content: bytes, choose: random.Random) -> bytes:
    place = choose.randrange(len(content) or 1)
    return content[:place] + choose.randbytes(choose.choice([1, 4, 100])) + content[place:]


REWRITES: dict[str, Rewrite] = {
    **{f"{count} bits flipped": flip(count) for count in (1, 3, 20, 500)},
    "bits of the beginning flipped": lambda c, choose: flip(3)(c[:64], choose) + c[64:] if c else c,
    "bits of the end flipped": lambda c, choose: c[:-300] + flip(3)(c[-300:], choose) if c else c,
    "a number at the beginning": lambda c, choose: _number(c, choose, 0, 64),
    "a number at the end": lambda c, choose: _number(c, choose, -300, None),
    "a number anywhere": lambda c, choose: _number(c, choose, 0, None),
    "cut off": _cut,
    "the last byte missing": lambda c, choose: c[:-1],
    "the beginning missing": lambda c, choose: c[choose.randrange(1, 100) :],
    "emptied": lambda c, choose: b"",
    "nulls": lambda c, choose: bytes(len(c)),
    "a hole of nulls": _hole,
    "bytes inserted": _inserted,
    "noise": lambda c, choose: choose.randbytes(1_000),
    "noise after": lambda c, choose: c + choose.randbytes(777),
    "noise before": lambda c, choose: choose.randbytes(7) + c,
    "twice": lambda c, choose: c + c,
    "line ends changed": lambda c, choose: c.replace(b"\n", b"\r\n"),
    "a web page": lambda c, choose: b"<!DOCTYPE html><html>503</html>",
    "a pointer of Git LFS": lambda c, choose: b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n",
    "an EPS drawing": lambda c, choose: b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
    "a pickle of random steps": lambda c, choose: _random_pickle(choose),
    "another picture": lambda c, choose: tiny.encode(
        np.zeros((choose.choice([1, 7, 300]), choose.choice([1, 33, 700]), 3), np.uint8),
        choose.choice(["PNG", "JPEG", "GIF"]),
    ),
}


def _random_pickle(choose: random.Random) -> bytes:
    codes = [opcode.code.encode("latin-1") for opcode in pickletools.opcodes]
    steps = [choose.choice(codes) + choose.randbytes(choose.choice([0, 0, 0, 1, 2, 4, 8])) for _ in range(60)]
    return choose.choice([b"", b"\x80\x02}", b"\x80\x05\x96"]) + b"".join(steps) + b"."


def _inside_png(content: bytes, choose: random.Random) -> bytes:
    """A chunk changed, with a checksum that fits."""
    place = choose.choice([place for place in (8, 33) if place + 12 < len(content)] or [0])
    if place == 0:
        return content
    length, kind = struct.unpack_from(">I4s", content, place)
    body = _number(content[place + 8 : place + 8 + length], choose, 0, 9) if length > 4 else b""
    chunk = kind + body
    text = b"zTXt" + b"a\0\0" + zlib.compress(bytes(choose.choice([10, 3_000_000])))
    more = struct.pack(">I", len(text) - 4) + text + struct.pack(">I", zlib.crc32(text))
    changed = struct.pack(">I", len(body)) + chunk + struct.pack(">I", zlib.crc32(chunk))
    return content[:place] + changed + choose.choice([b"", more]) + content[place + 12 + length :]


def _inside_gzip(content: bytes, choose: random.Random) -> bytes:
    """What is packed changed, with a checksum that fits."""
    return gzip.compress(choose.choice(list(REWRITES.values()))(gzip.decompress(content), choose), 1)


def _inside_zip(content: bytes, choose: random.Random) -> bytes:
    """A member changed, with a checksum that fits."""
    stream = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as old,
        zipfile.ZipFile(stream, "w", choose.choice([0, 8, 12, 14])) as new,
    ):
        victim = choose.choice(old.namelist())
        for name in old.namelist():
            whole = old.read(name)
            new.writestr(name, choose.choice(list(REWRITES.values()))(whole, choose) if name == victim else whole)
    return stream.getvalue()


def _inside_tar(content: bytes, choose: random.Random) -> bytes:
    """A file of an archive changed, with sizes and checksums that fit."""
    stream = io.BytesIO()
    with (
        tarfile.open(fileobj=io.BytesIO(content)) as old,
        tarfile.open(fileobj=stream, mode="w:gz", compresslevel=1) as new,
    ):
        files = [member for member in old if member.isfile()]
        victim = choose.choice(files)
        for member in files:
            reader = old.extractfile(member)
            whole = reader.read() if reader is not None else b""
            data = choose.choice(list(REWRITES.values()))(whole, choose) if member is victim else whole
            member.size = len(data)
            new.addfile(member, io.BytesIO(data))
    return stream.getvalue()


INSIDE: tuple[tuple[str, Rewrite], ...] = (
    (".png", _inside_png),
    (".tar.gz", _inside_tar),
    (".gz", _inside_gzip),
    (".npz", _inside_zip),
)


def _sparse(file: Path) -> None:
    with file.open("wb") as stream:
        stream.truncate(SPARSE_BYTES)


def _instead(make: Callable[[Path], object]) -> Callable[[Path], None]:
    def change(file: Path) -> None:
        file.unlink()
        make(file)

    return change


PLACES: dict[str, Callable[[Path], object]] = {
    "gone": _instead(lambda file: None),
    "a pipe": _instead(os.mkfifo),
    "an endless device": _instead(lambda file: file.symlink_to("/dev/zero")),
    "a link to nowhere": _instead(lambda file: file.symlink_to("nowhere")),
    "a link to itself": _instead(lambda file: file.symlink_to(file.name)),
    "a folder": _instead(lambda file: file.mkdir()),
    "three gigabytes of nothing": _sparse,
    "a name that is no text": lambda file: file.rename(Path(os.fsdecode(os.fsencode(file.parent) + b"/\xff\xe9.png"))),
    "a name of many lines": lambda file: file.rename(file.with_name("a\x1b[2J\nb.png")),
    "a long name": lambda file: file.rename(file.with_name("n" * 240 + ".jpg")),
    "in capitals": lambda file: file.rename(file.with_name(file.name.upper())),
    "beside itself": lambda file: shutil.copy(file, file.with_name(f"{file.name} - Copy")),
}


@dataclass
class DataFiles:
    """Sound sets, made once, and the command that is to read what became of a copy."""

    sound: Path
    commands: Commands

    def attempt(self, number: int, folder: Path) -> list[str]:
        """What is wrong with how the command takes case `number`."""
        choose = random.Random(f"data {number}")
        name = FORMATS[number % len(FORMATS)]
        path, what = self._harmed(name, folder / "harmed set", choose)
        done = self._read(path, folder)
        if HANG_SECONDS < done.seconds < KILL_SECONDS:
            done = self._read(path, folder)
        return [f"case {number}, {name}, {what}: {text}" for text in [*complaints(done), *_unnamed(done)]]

    def _harmed(self, name: str, folder: Path, choose: random.Random) -> tuple[Path, str]:
        whole = self.sound / str(FORMATS.index(name))
        if not whole.exists():
            whole.mkdir()
            (whole / "path").write_text(str(WRITERS[name](whole / "set").relative_to(whole)))
        shutil.copytree(whole, folder)
        files = sorted(file for file in (folder / "set").rglob("*") if file.is_file())
        file = choose.choice(files)
        inside = next((rewrite for ending, rewrite in INSIDE if file.name.endswith(ending)), None)
        kind = choose.choice(["rewrite", "rewrite", "inside" if inside else "rewrite", "place"])
        if kind == "place":
            what = choose.choice(list(PLACES))
            PLACES[what](file)
        else:
            what = choose.choice(list(REWRITES)) if kind == "rewrite" else "inside"
            rewrite = inside if kind == "inside" and inside is not None else REWRITES[what]
            file.write_bytes(rewrite(file.read_bytes(), choose))
        return folder / (whole / "path").read_text(), f"{file.name} {what}"

    def _read(self, path: Path, folder: Path) -> Done:
        variables = {"KERASCNN_CACHE": str(folder / "cache"), "KERAS_HOME": str(folder / "keras")}
        return self.commands.run(["data", "--data", str(path)], variables, folder, KILL_SECONDS)


def _unnamed(done: Done) -> list[str]:
    """A refusal that is not one sentence with the file, or its folder, in it."""
    if done.code == 0 or "Traceback" in done.stderr:
        return []
    spoken = [line for line in done.stderr.splitlines() if line.startswith("pipeline.py: ")]
    if done.code != 3 or len(spoken) != 1 or "harmed set" not in spoken[0]:
        return [f"code {done.code}, and it said {spoken}"]
    return []
