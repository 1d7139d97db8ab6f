"""Finds the folders of a set with one folder for each class, among all that people keep beside them."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from kerascnn.data.formats.pictures.contents import UNREAD, Contents, look_into
from kerascnn.data.formats.pictures.setting_aside import without_labels
from kerascnn.data.naming import legible, part_of
from kerascnn.errors import DataError
from kerascnn.spelling import counted

DEEPEST_WRAPPER, MOST_LOOKED_INTO = 4, 200
MOST_SEARCHED = 5_000
"""Folders in all; who gives the root of a disk is not to wait for the whole of it."""
NAMED_IN_MESSAGES = 5


Look = Callable[[Path], Contents]
"""`look_into` for one search, which remembers what it has seen."""


@dataclass(frozen=True)
class ClassFolder:
    """One class of one part: its pictures, and whatever else lies among them."""

    name: str
    contents: Contents


@dataclass(frozen=True)
class Layout:
    """Training and test part (None where there is none) by class, and what is to be said of the rest."""

    root: Path
    train: tuple[ClassFolder, ...]
    test: tuple[ClassFolder, ...] | None
    notices: tuple[str, ...]

    @property
    def train_names(self) -> tuple[str, ...]:
        return tuple(each.name for each in self.train)

    @property
    def files(self) -> tuple[Path, ...]:
        return tuple(file for each in (*self.train, *(self.test or ())) for file in each.contents.pictures)


def has_classes(path: Path) -> bool:
    """Whether the folders in `path` itself, or in its folder for training, are at least two classes."""
    if not path.is_dir():
        return False
    look = cache(look_into)
    folders = look(path).folders
    trains = [folder for folder in folders if part_of(folder.name) == "train"]
    return any(sum(look(each).is_class for each in look(root).folders) >= 2 for root in (path, *trains))


def find_layout(path: Path) -> Layout | None:
    """The class folders below `path`; None where there are none.

    Raises: DataError when there are some, and it is not clear how they form a set.
    """
    look: Look = cache(look_into)
    root = _innermost(look, path, 0, {_identity(path)} if path.is_dir() else set())
    if root is None:
        return None
    folders = look(root).folders
    parts = [folder for folder in folders if part_of(folder.name) == "train"]
    train_roots = {folder: inner for folder in parts if (inner := _root_of_classes(look, folder)) is not None}
    if train_roots:
        return _with_test(look, root, *_only_training_part(root, train_roots))
    with_pictures = [folder for folder in folders if look(folder).is_class]
    if all(part_of(folder.name) is not None for folder in with_pictures):
        if any(part_of(folder.name) is not None and _root_of_classes(look, folder) for folder in folders):
            names = ", ".join(legible(folder.name) for folder in folders[:NAMED_IN_MESSAGES])
            raise DataError(
                f"a test part must have a training part beside it. Received: {names} (in {root}). Add it as {root / 'train'}."
            )
        if with_pictures or not _wrapped_classes(look, folders):
            return None
    train, notices = _classes(look, root)
    return Layout(root, train, None, notices)


def why_none(path: Path) -> str:
    """Which pictures without class folders there are, in words; empty where there are none."""
    for folder in _some_folders(path):
        contents = look_into(folder)
        if contents.is_class:
            some = legible((contents.pictures or contents.unread)[0].name)
            return f"pictures without class folders, such as {some} (in {folder}){where_labels_stand(path)}"
    return ""


def where_labels_stand(path: Path) -> str:
    """A hint at the table that lies beside the pictures, if there is one."""
    tables = [file.name for file in look_into(path).others if file.suffix.lower() in (".csv", ".json", ".txt")]
    return f"; their classes seem to be in {legible(tables[0])}" if tables else ""


def _some_folders(path: Path) -> list[Path]:
    """`path` and what is below it, two steps deep, a few of each."""
    if not path.is_dir():
        return []
    below = look_into(path).folders[:20]
    return [path, *below, *(deeper for folder in below for deeper in look_into(folder).folders[:20])]


def _innermost(look: Look, path: Path, depth: int, seen: set[tuple[int, int]]) -> Path | None:
    """`path`, or the one folder in it that holds a set, and so on: archives are unpacked into folders of their own.

    `seen`: the folders that have been come upon, each of which is searched once: links may lead back to them.
    """
    if not path.is_dir() or depth > DEEPEST_WRAPPER:
        return None
    folders = look(path).folders[:MOST_LOOKED_INTO]
    if any(look(each).is_class or (part_of(each.name) and _root_of_classes(look, each)) for each in folders):
        return path
    unseen = _unseen(folders, seen, path)
    inside = [found for each in unseen if (found := _innermost(look, each, depth + 1, seen)) is not None]
    if len(inside) == 1:
        return inside[0]
    return path if _wrapped_classes(look, folders) else None


def _unseen(folders: Sequence[Path], seen: set[tuple[int, int]], path: Path) -> list[Path]:
    """Those of the folders that are new; then they are `seen` too. Raises: DataError when there are too many."""
    unseen = []
    for folder in folders:
        if (identity := _identity(folder)) not in seen:
            seen.add(identity)
            unseen.append(folder)
    if len(seen) > MOST_SEARCHED:
        raise DataError(
            f"class folders must be found among {MOST_SEARCHED:,} folders. Received: more "
            f"(in {path}). Give the path of the folder whose folders are the classes."
        )
    return unseen


def _identity(folder: Path) -> tuple[int, int]:
    """The same for a folder and for every link to it."""
    stat = folder.stat()
    return stat.st_dev, stat.st_ino


def _wrapped_classes(look: Look, folders: Sequence[Path]) -> bool:
    """Whether at least two of the folders are classes whose pictures lie in the one folder in each."""
    return sum(_class_contents(look, folder).is_class for folder in folders) >= 2


def _class_contents(look: Look, folder: Path) -> Contents:
    """What lies in a class folder; where that is one folder alone, as in Tiny ImageNet, what lies in that."""
    contents = look(folder)
    if not contents.is_class and len(contents.folders) == 1:
        inner = look(contents.folders[0])
        if inner.is_class:
            return Contents(inner.pictures, inner.unread, (*contents.others, *inner.others), inner.folders)
    return contents


def _root_of_classes(look: Look, folder: Path, depth: int = 0) -> Path | None:
    """The folder in or below a part's folder whose folders are classes."""
    folders = look(folder).folders
    if any(look(each).is_class for each in folders):
        return folder
    if len(folders) == 1 and depth < DEEPEST_WRAPPER:
        return _root_of_classes(look, folders[0], depth + 1)
    return folder if _wrapped_classes(look, folders) else None


def _only_training_part(root: Path, train_roots: dict[Path, Path]) -> tuple[Path, Path]:
    """The folder for training, and that of its classes. Raises: DataError when there are several: one alone is another set."""
    if len(train_roots) > 1:
        names = ", ".join(legible(folder.name) for folder in list(train_roots)[:NAMED_IN_MESSAGES])
        raise DataError(
            f"a set must have one training part. Received: {len(train_roots)}, {names} (in {root}). "
            "Put the pictures of each class together in one of them, or move the others elsewhere."
        )
    return next(iter(train_roots.items()))


def _with_test(look: Look, root: Path, train_folder: Path, train_root: Path) -> Layout:
    train, notices = _classes(look, train_root)
    names = {_plain(each.name) for each in train}
    said, chosen, chosen_name = [*notices, *_beside_the_parts(look, root, train_folder)], None, ""
    for part in ("test", "validation"):
        for folder in [folder for folder in look(root).folders if part_of(folder.name) == part]:
            inner = _root_of_classes(look, folder)
            test, more = _classes(look, inner) if inner is not None else ((), ())
            if not names & {_plain(each.name) for each in test}:
                said.append(without_labels(folder.name))
            elif chosen is not None:
                said.append(f"{legible(folder.name)} is not used, because {chosen_name} is the test part.")
            else:
                chosen, chosen_name = _as_in_training(test, train, folder), legible(folder.name)
                said += more
    return Layout(root, train, chosen, tuple(said))


def _beside_the_parts(look: Look, root: Path, train_folder: Path) -> list[str]:
    """What is to be said of the folders and pictures that are in no part that is read or spoken of."""
    beside = [
        folder for folder in look(root).folders if part_of(folder.name) in (None, "train") and folder != train_folder
    ]
    named = [legible(path.name) for path in (*beside, *look(root).pictures, *look(root).unread)]
    more = f" and {len(named) - NAMED_IN_MESSAGES} more" if len(named) > NAMED_IN_MESSAGES else ""
    some = ", ".join(named[:NAMED_IN_MESSAGES])
    return [f"Not used, because it is beside the training and test parts: {some}{more}."] if named else []


def _as_in_training(
    test: tuple[ClassFolder, ...], train: tuple[ClassFolder, ...], folder: Path
) -> tuple[ClassFolder, ...]:
    """The classes of the test part in the order of the training part. Raises: DataError when they are not the same."""
    by_name = {_plain(each.name): each for each in test}
    odd = sorted(by_name.keys() ^ {_plain(each.name) for each in train})
    if odd:
        raise DataError(
            f"training and test part must have the same class folders. Received: {', '.join(map(legible, odd[:5]))} in only one "
            f"of them (in {folder.parent}). Add them there, or remove them."
        )
    return tuple(by_name[_plain(each.name)] for each in train)


def _plain(name: str) -> str:
    """macOS writes an accent as a sign of its own."""
    return unicodedata.normalize("NFC", name)


def _classes(look: Look, root: Path) -> tuple[tuple[ClassFolder, ...], tuple[str, ...]]:
    """The classes of one part, and what is to be said of the rest. Raises: DataError for a folder that could be one and is not."""
    classes: list[ClassFolder] = []
    passed_over: list[Path] = []
    for folder in look(root).folders:
        contents = _class_contents(look, folder)
        deeper = [each for each in contents.folders if look(each).is_class]
        if contents.is_empty:
            raise DataError(f"every class must have pictures. Received: an empty folder ({folder}). Fill or remove it.")
        if deeper:
            raise DataError(
                f"the pictures of a class must be directly in its folder. Received: {legible(deeper[0].name)} (in {folder}). "
                "Move them up, or give the path of the folder whose folders are the classes."
            )
        if contents.unread:
            _refuse_unread(folder, contents.unread)
        if contents.is_class:
            classes.append(ClassFolder(folder.name, contents))
            passed_over += contents.others
        else:
            passed_over.append(folder)
    loose = look(root)
    return tuple(classes), tuple(_notices(root, passed_over, (*loose.pictures, *loose.unread)))


def _refuse_unread(folder: Path, files: Sequence[Path]) -> None:
    some = ", ".join(legible(file.name) for file in files[:NAMED_IN_MESSAGES])
    more = f" and {len(files) - NAMED_IN_MESSAGES} more" if len(files) > NAMED_IN_MESSAGES else ""
    kind = UNREAD.get(files[0].suffix.lower(), "such")
    raise DataError(
        f"pictures must be PNG, JPEG, GIF, BMP, TIFF, WebP or PPM. Received: {kind} pictures, {some}{more} (in {folder}). "
        "Convert them to JPEG or PNG, or move them elsewhere."
    )


def _notices(root: Path, passed_over: Sequence[Path], loose: Sequence[Path]) -> list[str]:
    said = []
    if passed_over:
        some = ", ".join(legible(str(path.relative_to(root))) for path in passed_over[:NAMED_IN_MESSAGES])
        more = f" and {len(passed_over) - NAMED_IN_MESSAGES} more" if len(passed_over) > NAMED_IN_MESSAGES else ""
        said.append(f"Not used, because they are not pictures: {some}{more}.")
    if loose:
        pictures = f"{counted(len(loose), 'picture')}, such as {legible(loose[0].name)}"
        said.append(f"Not used, because they are beside the class folders: {pictures}.")
    return said
