"""What can be done to a pack as a zip file: what transport, file managers and bad intent make of it."""

from __future__ import annotations

import functools
import io
import os
import random
import re
import shutil
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

from drafts import Draft, Member, end_record, patch, register

BOMB_BYTES = 1_900_000_000


def on_members(
    name: str, change: Callable[[list[Member], random.Random], object], kind: str = "members", *, lie: bool = False
) -> None:
    def alter(draft: Draft, choose: random.Random) -> None:
        draft.members.append(lambda members, choose: change(members, choose) and None)

    register(f"members: {name}", kind, alter, lie=lie)


def on_bytes(name: str, change: Callable[[bytes, random.Random], bytes]) -> None:
    register(f"bytes: {name}", "bytes", lambda draft, choose: draft.bytes.append(change))


def instead(name: str, place_it: Callable[[Path], object]) -> None:
    """Something else in the place of the pack."""

    def alter(draft: Draft, choose: random.Random) -> None:
        draft.place_it = lambda path: place_it(path) and None

    register(f"instead: {name}", "instead", alter)


def flip(count: int) -> Callable[[bytes, random.Random], bytes]:
    def change(content: bytes, choose: random.Random) -> bytes:
        spoiled = bytearray(content)
        for _ in range(count):
            spoiled[choose.randrange(len(spoiled))] ^= 1 << choose.randrange(8)
        return bytes(spoiled)

    return change


def flip_directory(content: bytes, choose: random.Random) -> bytes:
    """Bits of what the zip file says of its members, where most of its parser is."""
    begin = max(content.find(b"PK\x01\x02"), 0)
    return content[:begin] + flip(3)(content[begin:], choose)


def flip_local_header(content: bytes, choose: random.Random) -> bytes:
    """Bits of what stands before one of the members."""
    at = choose.choice([found.start() for found in re.finditer(b"PK\x03\x04", content)] or [0])
    return content[:at] + flip(2)(content[at : at + 60], choose) + content[at + 60 :]


for count in (1, 2, 5, 20, 500):
    for luck in range(4):
        on_bytes(f"{count} bits flipped ({luck})", flip(count))
for luck in range(8):
    on_bytes(f"bits of the directory flipped ({luck})", flip_directory)
    on_bytes(f"bits of a header flipped ({luck})", flip_local_header)
for luck in range(6):
    on_bytes(f"cut off ({luck})", lambda content, choose: content[: choose.randrange(len(content))])
on_bytes("the last byte missing", lambda content, choose: content[:-1])
on_bytes("the beginning missing", lambda content, choose: content[choose.randrange(1, 1000) :])
on_bytes("empty", lambda content, choose: b"")
on_bytes("nulls", lambda content, choose: bytes(len(content)))
on_bytes("a hole of nulls", lambda content, choose: content[:5000] + bytes(5000) + content[10_000:])
on_bytes("noise before", lambda content, choose: choose.randbytes(777) + content)
on_bytes("noise after", lambda content, choose: content + choose.randbytes(777))
on_bytes("twice", lambda content, choose: content + content)
on_bytes("line ends changed", lambda content, choose: content.replace(b"\n", b"\r\n"))
on_bytes("a comment cut off", lambda content, choose: content[:-2] + b"\xff\xff")
on_bytes("many members claimed", lambda content, choose: patch(content, end_record(content) + 10, "<H", 65535))
on_bytes(
    "a directory elsewhere",
    lambda content, choose: patch(content, end_record(content) + 16, "<I", choose.randrange(2**32)),
)
on_bytes(
    "a directory of another size",
    lambda content, choose: patch(content, end_record(content) + 12, "<I", choose.randrange(2**32)),
)


def in_directory(name: str, offset: int, form: str, value: int) -> None:
    """A field of the directory's first record."""

    def change(content: bytes, choose: random.Random) -> bytes:
        at = content.find(b"PK\x01\x02")
        return patch(content, at + offset, form, value) if at >= 0 else content

    on_bytes(f"directory: {name}", change)


in_directory("encrypted", 8, "<H", 1)
in_directory("strongly encrypted", 8, "<H", 0x41)
in_directory("patched data", 8, "<H", 0x20)
in_directory("unknown compression", 10, "<H", 99)
in_directory("deflated, it says", 10, "<H", 8)
in_directory("other checksum", 16, "<I", 0)
in_directory("smaller when packed", 20, "<I", 10)
in_directory("larger when packed", 20, "<I", 2**31)
in_directory("smaller", 24, "<I", 10)
in_directory("larger", 24, "<I", 2**32 - 2)
in_directory("sizes elsewhere, it says", 24, "<I", 2**32 - 1)
in_directory("a long name", 28, "<H", 60_000)
in_directory("a long extra field", 30, "<H", 60_000)
in_directory("on another disk", 34, "<H", 7)
in_directory("begins elsewhere", 42, "<I", 3)
in_directory("begins past the end", 42, "<I", 2**31)
in_directory("needs version 99", 6, "<H", 990)


def change_one(change: Callable[[Member, random.Random], object]) -> Callable[[list[Member], random.Random], object]:
    return lambda members, choose: change(choose.choice(members), choose)


def rename(new: Callable[[str], str]) -> Callable[[Member, random.Random], object]:
    return lambda member, choose: setattr(member, "name", new(member.name))


for name, new in {
    "upwards": lambda name: "../" + name,
    "far upwards": lambda name: "../../../../../../tmp/evil",
    "absolute": lambda name: "/tmp/evil",
    "a drive": lambda name: "C:\\evil",
    "backslashes": lambda name: name.replace("/", "\\"),
    "a dot": lambda name: "./" + name,
    "two slashes": lambda name: name.replace("/", "//"),
    "upper case": lambda name: name.upper(),
    "another key": lambda name: "0" * 32 + "/" + name.rpartition("/")[2],
    "a key with a link upwards": lambda name: f"{'0' * 32}/../../evil",
    "script": lambda name: f"{'0' * 32}/code.py",
    "full-width digits": lambda name: "\uff10" * 32 + "/weights.npz",
    "a line end after it": lambda name: name + "\n",
    "an escape sequence": lambda name: "\x1b[2J" + name,
    "right to left": lambda name: "\u202e" + name,
    "very long": lambda name: "n" * 60_000,
    "of a folder of ours": lambda name: "_locks/evil.lock",
    "where others published": lambda name: "_published/04_glorot_vs_he/smoke-00000000.json",
    "what was taken in": lambda name: "_taken_in.json",
    "a proposal upwards": lambda name: "_proposals/../../evil.json",
    "a proposal of any name": lambda name: "_proposals/evil.json",
}.items():
    on_members(f"renamed: {name}", change_one(rename(new)), "names")


def double(members: list[Member], choose: random.Random) -> None:
    member = choose.choice(members)
    members.append(Member(member.name, choose.choice(members).content))


def swap(members: list[Member], choose: random.Random) -> None:
    one, other = choose.sample(members, 2)
    one.content, other.content = other.content, one.content


def swap_between_entries(members: list[Member], choose: random.Random) -> None:
    """The same file of two entries, each under the other's key."""
    one = choose.choice(members[:5])
    other = next(m for m in members[5:] if m.name.endswith(one.name.rpartition("/")[2]))
    one.content, other.content = other.content, one.content


def compress(method: int) -> Callable[[list[Member], random.Random], object]:
    return lambda members, choose: [setattr(member, "compression", method) for member in members]


def add(*names: str, content: bytes = b"") -> Callable[[list[Member], random.Random], object]:
    return lambda members, choose: members.extend(Member(name, content) for name in names)


def put_below(folder: str) -> Callable[[list[Member], random.Random], object]:
    """As a file manager packs a folder that somebody unpacked."""

    def change(members: list[Member], choose: random.Random) -> None:
        for member in members:
            member.name = f"{folder}/{member.name}"
        members.insert(0, Member(f"{folder}/", b""))

    return change


def add_folders(members: list[Member], choose: random.Random) -> None:
    for key in dict.fromkeys(member.name.partition("/")[0] for member in members):
        members.insert(0, Member(f"{key}/", b""))


def zip_again(members: list[Member], choose: random.Random) -> None:
    add_folders(members, choose)
    compress(zipfile.ZIP_DEFLATED)(members, choose)


def litter(members: list[Member], choose: random.Random) -> None:
    names = [".DS_Store", "__MACOSX/", "__MACOSX/._x", "desktop.ini", "Thumbs.db", "@eaDir/x"]
    add(*names, *(f"__MACOSX/{m.name.replace('/', '/._')}" for m in members), content=b"\x00\x05\x16\x07")(
        members, choose
    )


@functools.cache
def zeros_compressed() -> bytes:
    """A zip file with one member of almost two gigabytes in two megabytes."""
    stream = io.BytesIO()
    with (
        zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
        archive.open("zeros.npy", "w") as out,
    ):
        for _ in range(BOMB_BYTES // 10**8):
            out.write(bytes(10**8))
    return stream.getvalue()


def bomb_as_member(content: bytes, choose: random.Random) -> bytes:
    """The pack with the weights of its first entry replaced by two gigabytes, compressed."""
    source = zipfile.ZipFile(io.BytesIO(content))
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for member in source.infolist():
            if member.filename.endswith("weights.npz"):
                info = zipfile.ZipInfo(member.filename)
                info.compress_type = zipfile.ZIP_DEFLATED
                with archive.open(info, "w", force_zip64=True) as out:
                    for _ in range(BOMB_BYTES // 10**8):
                        out.write(bytes(10**8))
                break
            archive.writestr(member, source.read(member))
    return stream.getvalue()


def bomb_in_weights(draft: Draft, choose: random.Random) -> None:
    draft.victim.raw["weights.npz"] = lambda content: zeros_compressed()


on_members("one missing", lambda members, choose: members.remove(choose.choice(members[:5])), lie=True)
on_members("many missing", lambda members, choose: [members.remove(choose.choice(members)) for _ in range(8)])
on_members("all missing", lambda members, choose: members.clear())
on_members("one doubled, with other content", double)
on_members("one emptied", change_one(lambda member, choose: setattr(member, "content", b"")))
on_members("two swapped", swap)
on_members("swapped between entries", swap_between_entries, lie=True)
on_members("in another order", lambda members, choose: choose.shuffle(members))
on_members("deflated", compress(zipfile.ZIP_DEFLATED))
on_members("bzip2", compress(zipfile.ZIP_BZIP2))
on_members("LZMA", compress(zipfile.ZIP_LZMA))
on_members("folders", add_folders)
on_members("zipped again by a file manager", zip_again)
on_members("below a common folder", put_below("runs"))
on_members("below a common folder of an odd name", put_below("caf\u00e9 \u202e(1)"))
on_members("litter", litter)
on_members("100,000", add(*(f"{n:032x}/record.json" for n in range(100_000)), content=b"{}"))
on_members("100,000 proposals", add(*(f"_proposals/{n:032x}.json" for n in range(100_000)), content=b"{}"))
on_members("100,000 folders", add(*(f"{n:032x}/" for n in range(100_000))))
on_members("a large foreign file", add("film.mkv", content=bytes(50_000_000)))


def as_link(info: zipfile.ZipInfo) -> None:
    info.create_system, info.external_attr = 3, 0o120777 << 16


def as_device(info: zipfile.ZipInfo) -> None:
    info.create_system, info.external_attr = 3, 0o060777 << 16


def extra(info: zipfile.ZipInfo) -> None:
    info.extra = struct.pack("<HH", 0x7075, 9) + b"\x01" + bytes(4) + b"evil"


on_members(
    "a link",
    change_one(lambda member, choose: (setattr(member, "info", as_link), setattr(member, "content", b"/etc/passwd"))),
)
on_members("a device", change_one(lambda member, choose: setattr(member, "info", as_device)))
on_members("an extra field", change_one(lambda member, choose: setattr(member, "info", extra)))
register("bomb: two gigabytes of weights, deflated", "members", lambda draft, _: draft.bytes.append(bomb_as_member))
register("bomb: two gigabytes in weights.npz", "members", bomb_in_weights, lie=True)

instead("nothing", lambda path: None)
instead("a folder", lambda path: path.mkdir())
instead("a link to nowhere", lambda path: path.symlink_to("nowhere"))
instead("a link to itself", lambda path: path.symlink_to(path.name))
instead("a fifo", os.mkfifo)
instead("an endless device", lambda path: path.symlink_to("/dev/zero"))
instead("an image", lambda path: path.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(1000)))
instead("a gzip file", lambda path: path.write_bytes(b"\x1f\x8b\x08" + bytes(1000)))
instead("a page", lambda path: path.write_text("<!doctype html><title>404</title>"))
instead(
    "a zip file of something else",
    lambda path: shutil.make_archive(str(path.with_suffix("")), "zip", Path(__file__).parent),
)
