"""What disks, people and other programs do to the files of a store."""

from __future__ import annotations

import json
import os
import random
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from drafts import MUTATIONS, Draft, Mutation
from material import ENTRY_FILES, MANIFEST, Base, quietly
from texts import SPOILED
from zips import flip

SPARSE_BYTES = 3_000_000_000


@dataclass(frozen=True)
class Scene:
    """A store about to be harmed: its folder, the entry that is meant, and a folder outside."""

    base: Base
    store: Path
    victim: str
    outside: Path
    choose: random.Random


@dataclass(frozen=True)
class Harm:
    """One way to harm a store. `file`: the name that a message about it must have; `task`: the victims it is for.

    `readable`: whether the file can still be read and written, so that plan and report are to succeed.
    """

    name: str
    kind: str
    do: Callable[[Scene], object]
    file: str = ""
    readable: bool = True
    task: str | None = None


HARMS: list[Harm] = []


def harm(
    name: str,
    kind: str,
    do: Callable[[Scene], object],
    file: str = "",
    *,
    readable: bool = True,
    task: str | None = None,
) -> None:
    """Add a harm to those that are done. Names are its only handle, so none is given twice."""
    assert all(known.name != name for known in HARMS), name
    HARMS.append(Harm(name, kind, do, file, readable, task))


def find(scene: Scene, pattern: str) -> Path:
    """One of the files that a pattern below the store means; `KEY` stands for the victim."""
    return scene.choose.choice(sorted(scene.store.glob(pattern.replace("KEY", scene.victim))))


Rewrite = Callable[[bytes, random.Random], bytes]
REWRITES: dict[str, Rewrite] = {
    "one bit flipped": flip(1),
    "many bits flipped": flip(50),
    "cut off": lambda content, choose: content[: choose.randrange(len(content))],
    "emptied": lambda content, choose: b"",
    "nulls": lambda content, choose: bytes(len(content)),
    "a sector of nulls": lambda content, choose: content[:100] + bytes(512) + content[612:],
    "twice": lambda content, choose: content + content,
    "line ends changed": lambda content, choose: content.replace(b"\n", b"\r\n").replace(b",", b",\r\n"),
    "noise": lambda content, choose: choose.randbytes(1000),
}


def replace(make: Callable[[Path, Scene], object]) -> Callable[[Path, Scene], None]:
    def change(path: Path, scene: Scene) -> None:
        path.unlink()
        make(path, scene)

    return change


def link_to_copy(path: Path, scene: Scene) -> None:
    """The file moved elsewhere, with a link to it left behind."""
    elsewhere = scene.outside / path.name
    shutil.move(path, elsewhere)
    path.symlink_to(elsewhere)


def make_sparse(path: Path, scene: Scene) -> None:
    with path.open("wb") as stream:
        stream.truncate(SPARSE_BYTES)


FILES: dict[str, Callable[[Path, Scene], object]] = {
    "deleted": lambda path, scene: path.unlink(),
    "an empty folder": replace(lambda path, scene: path.mkdir()),
    "a full folder": replace(lambda path, scene: (path / "more" / "and more").mkdir(parents=True)),
    "a link to nowhere": replace(lambda path, scene: path.symlink_to("nowhere")),
    "a link to itself": replace(lambda path, scene: path.symlink_to(path.name)),
    "a link to foreign bytes": replace(lambda path, scene: path.symlink_to(scene.outside / "thesis.txt")),
    "moved behind a link": link_to_copy,
    "a hard link": lambda path, scene: (scene.outside / "hard").hardlink_to(path),
    "a fifo": replace(lambda path, scene: os.mkfifo(path)),
    "an endless device": replace(lambda path, scene: path.symlink_to("/dev/zero")),
    "an empty device": replace(lambda path, scene: path.symlink_to("/dev/null")),
    "three gigabytes of nothing": make_sparse,
    "no permission": lambda path, scene: path.chmod(0),
    "every permission": lambda path, scene: path.chmod(0o7777),
    "in capitals": lambda path, scene: path.rename(path.with_name(path.name.upper())),
    "a backup beside it": lambda path, scene: shutil.copy(path, path.with_name(f"{path.name}~")),
}
ODD = ("folder", "link", "fifo", "device", "gigabytes", "permission")

PLACES = {
    **{f"KEY/{name}": name for name in (*ENTRY_FILES, MANIFEST)},
    "_published/*/*.json": "",
    "_published/*/*/executed.ipynb": "",
    "_published/*/*/*.svg": "",
    "_proposals/*.json": "",
    "_costs.json": "",
    "_taken_in.json": "",
    "_failures/*.json": "",
    "_logs/training.log": "",
}

for pattern, file in PLACES.items():
    for name, rewrite in REWRITES.items():

        def do(scene: Scene, pattern: str = pattern, rewrite: Rewrite = rewrite) -> None:
            path = find(scene, pattern)
            path.write_bytes(rewrite(path.read_bytes(), scene.choose))

        harm(f"{pattern}: {name}", f"bytes of {pattern}", do, file)
    for name, change in FILES.items():
        harm(
            f"{pattern}: {name}",
            f"file {pattern}",
            lambda scene, pattern=pattern, change=change: change(find(scene, pattern), scene),
            file,
            readable=not any(word in name for word in ODD),
        )
    if pattern.endswith(".json") and not pattern.startswith("KEY"):
        for name, spoil in SPOILED.items():

            def do(scene: Scene, pattern: str = pattern, spoil: Callable[[bytes], bytes] = spoil) -> None:
                path = find(scene, pattern)
                path.write_bytes(spoil(path.read_bytes()))

            harm(f"{pattern}: {name} (JSON)", f"JSON of {pattern}", do, file)

FOLDERS = ("KEY", "_published", "_published/*", "_proposals", "_failures", "_locks", "_tmp", "_damaged", "_logs")


def folder(scene: Scene, name: str) -> Path:
    """A folder of the store, made where it is not there yet."""
    if "*" in name:
        return scene.choose.choice(sorted(path for path in scene.store.glob(name) if path.is_dir()))
    path = scene.store / name.replace("KEY", scene.victim)
    path.mkdir(exist_ok=True)
    return path


def no_folder(make: Callable[[Path, Scene], object]) -> Callable[[Path, Scene], None]:
    def change(path: Path, scene: Scene) -> None:
        shutil.rmtree(path)
        make(path, scene)

    return change


def moved(path: Path, scene: Scene) -> None:
    elsewhere = scene.outside / path.name
    shutil.move(path, elsewhere)
    path.symlink_to(elsewhere)


WHOLE: dict[str, Callable[[Path, Scene], object]] = {
    "taken away": no_folder(lambda path, scene: None),
    "emptied": no_folder(lambda path, scene: path.mkdir()),
    "a file": no_folder(lambda path, scene: path.write_text("not a folder")),
    "a link to nowhere": no_folder(lambda path, scene: path.symlink_to("nowhere")),
    "moved behind a link": moved,
    "without permission": lambda path, scene: path.chmod(0),
    "with litter": lambda path, scene: [
        (path / n).write_bytes(b"\0") for n in (".DS_Store", "Thumbs.db", "._x", "x.json")
    ],
    "with a folder more": lambda path, scene: (path / "more" / "and more").mkdir(parents=True),
    "with a fifo": lambda path, scene: os.mkfifo(path / "pipe.json"),
    "with a link to the store": lambda path, scene: (path / "again").symlink_to(scene.store),
    "with names of other alphabets": lambda path, scene: (path / "\u202e\x1b[2J\n.json").write_bytes(b"{}"),
    "with a name that is no text": lambda path, scene: Path(
        os.fsdecode(os.fsencode(path) + b"/\xff\xfe.json")
    ).write_bytes(b"{}"),
}
for name in FOLDERS:
    for what, change in WHOLE.items():
        harm(
            f"{name}: {what}",
            f"folder {name}",
            lambda scene, name=name, change=change: change(folder(scene, name), scene),
            readable=what in ("with litter", "with a folder more", "emptied", "taken away"),
        )


def stranger(name: str, make: Callable[[Path, Scene], object]) -> None:
    for key in ("0" * 32, "F" * 32, "x" * 32):
        harm(f"{name} called {key[0]}...", "strangers", lambda scene, key=key: make(scene.store / key, scene))


stranger("an empty folder", lambda path, scene: path.mkdir())
stranger("a file", lambda path, scene: path.write_bytes(b"no folder"))
stranger("a link to an entry", lambda path, scene: path.symlink_to(scene.victim))
stranger("a copy of an entry", lambda path, scene: shutil.copytree(scene.store / scene.victim, path))
stranger(
    "half an entry", lambda path, scene: (path.mkdir(), shutil.copy(scene.store / scene.victim / "record.json", path))
)

LYING = [m for m in MUTATIONS if m.kind.split()[0] in ("record", "identity", "predictions", "weights", "text", "JSON")]


def lie(scene: Scene, mutation: Mutation) -> None:
    """A lie of the packs on the disk, under the key that was there, with the manifest made to fit."""
    draft = Draft(scene.base.entry(scene.victim), [scene.base.entry(scene.base.keys[0])], {})
    draft.victim.folder = scene.victim
    with quietly():
        mutation.change(draft, scene.choose)
        files = draft.victim.files()
    for name, content in files.items():
        (scene.store / scene.victim / name).write_bytes(content)


for mutation in random.Random("lies on the disk").sample(LYING, 200):
    harm(
        f"consistent {mutation.name}", "lies", lambda scene, mutation=mutation: lie(scene, mutation), task=mutation.task
    )


def two_keys_exchanged(scene: Scene) -> None:
    other = scene.choose.choice([key for key in scene.base.keys if key != scene.victim])
    for source, target in ((scene.victim, "x"), (other, scene.victim), ("x", other)):
        (scene.store / source).rename(scene.store / target)


harm("two entries exchanged", "strangers", two_keys_exchanged)


def before_harm(scene: Scene) -> None:
    """What a store has after some use: an origin, a failed run, a damaged one."""
    identity = json.loads((scene.store / scene.victim / "identity.json").read_bytes())
    origin = {"platform": "linux-other", "versions": {"keras": "3"}, "precision": "float32"}
    (scene.store / "_taken_in.json").write_text(json.dumps({"origins": [origin]}))
    failure = {"key": "f" * 32, "spec": identity["spec"], "reason": "out of memory", "traceback": "MemoryError"}
    (scene.store / "_failures").mkdir(exist_ok=True)
    (scene.store / "_failures" / f"{'f' * 32}.json").write_text(json.dumps({**failure, "failed_at": "2026-01-01"}))
    (scene.outside / "thesis.txt").write_text("three years of work")
