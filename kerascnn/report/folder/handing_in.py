"""A report in a folder of one's own choice or as one zip file, to hand in or to share."""

from __future__ import annotations

import hashlib
import io
import re
import stat
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from filelock import Timeout

from kerascnn.errors import StoreError, UsageError
from kerascnn.ownership.locks import process_lock
from kerascnn.ownership.owned import SharedFolder
from kerascnn.ownership.without_links import kind_of, list_folder
from kerascnn.ownership.writing import write_replacing
from kerascnn.report.facts.report_inputs import file_stem
from kerascnn.report.folder.finished import INDEX, load_report, read_listed
from kerascnn.report.folder.writer import LOCK, LOCK_TIMEOUT_SECONDS, Manifest, report_folder
from kerascnn.report.text.links import ASSETS, FOLDERS, REPORT_PAGES
from kerascnn.spelling import slug

PREFIX = "kerascnn-report-"
EARLIEST_DATE = (1980, 1, 1, 0, 0, 0)
"""The first date that a zip file can hold: the same report gives the same bytes at any time."""
PERMISSIONS = stat.S_IFREG | 0o644
UNIX = 3
"""Says in a zip file that the permissions are those of Unix."""


def bundle_name(dataset: str, profile: str) -> str:
    """The name of the one folder in the zip file, such as kerascnn-report-cifar10-quick."""
    return f"{PREFIX}{slug(dataset)}-{profile}"


def check_folder(folder: Path, called: str = "`--output`", experiments: Sequence[str] = ()) -> None:
    """Raises: UsageError when a report in `folder` could overwrite what no report wrote, StoreError when it cannot be read.

    `called` is how the user named the folder; `experiments` are those whose pages may come.
    """
    shared = report_folder(folder, called)
    shared.check_place()
    with shared.errors():
        expected = [*Manifest.load(folder).files, *_expected_names(shared, experiments)]
    shared.check_names(expected)


def _expected_names(shared: SharedFolder, experiments: Sequence[str]) -> Iterator[str]:
    """Names that lie there and that a report on `experiments` may want. Which pages it has is known only later."""
    stems = "|".join(re.escape(stem) for stem in (*map(file_stem, experiments), *REPORT_PAGES))
    wanted = re.compile(rf"({stems})(--[0-9a-f]+)?((\.[a-z0-9-]+)?\.(html|csv)|\.jpg)", re.IGNORECASE)
    for name in list_folder(shared.path) if shared.path.is_dir() else ():
        if name in FOLDERS and kind_of(shared.path, name) != "folder":
            yield name
        elif name in FOLDERS:
            yield from (f"{name}/{below}" for below in list_folder(shared.path, name) if wanted.fullmatch(below))
        elif name in ASSETS or wanted.fullmatch(name):
            yield name


def check_target(target: Path) -> None:
    """Raises: UsageError when a zip file at `target` would replace anything but the zip file of a report.

    A link there is somebody's too: neither it nor what it leads to is replaced.
    """
    if target.suffix.lower() != ".zip":
        raise UsageError(f"`--zip` must be a file whose name ends in .zip. Received: {target}.")
    with _place_errors(target):
        kind = kind_of(target.parent, target.name)
        is_foreign = kind != "nothing" and not (kind == "file" and _is_bundle(target))
    if is_foreign:
        raise UsageError(
            f"`--zip` must be a new file, or an earlier zip file of a report. Received: {target}, which is something "
            "else. Choose another name, or move it away first."
        )


def zip_report(folder: Path, target: Path, name: str) -> None:
    """Write the report in `folder` to the zip file `target`, all of it below one folder called `name`.

    The same report gives the same bytes (with the same zlib). What was at `target` stays until the new file is whole.
    Raises: StoreError when there is no whole report or the file cannot be written, UsageError as `check_target`.
    """
    check_target(target)
    content = _zip_bytes(_read_report(folder), name)
    with _place_errors(target):
        write_replacing(target, content)


@contextmanager
def _place_errors(place: Path) -> Iterator[None]:
    try:
        yield
    except OSError as err:
        raise StoreError(f"{place} cannot be used: {err.strerror or err}. Fix that, or choose another place.") from err


def _read_report(folder: Path) -> dict[str, bytes]:
    """Every file of a report that nobody is writing just now. Raises: StoreError when one is not as it was written."""
    try:
        with process_lock(folder / LOCK, LOCK_TIMEOUT_SECONDS, waits_for=f"the report in {folder}"):
            manifest = load_report(folder)
            files = {name: read_listed(folder, manifest, name) or b"" for name in manifest.files}
    except Timeout as err:
        raise StoreError(f"Another report is being written in {folder}: {err}. Try again when it is finished.") from err
    except OSError as err:
        raise StoreError(f"The report in {folder} cannot be read: {err.strerror or err}.") from err
    for name, content in files.items():
        if hashlib.sha256(content).hexdigest() != manifest.files[name]:
            raise StoreError(
                f"{folder / name} has changed since the report was written. Render the report again: `python pipeline.py report`."
            )
    return files


def _zip_bytes(files: dict[str, bytes], folder_name: str) -> bytes:
    """A zip file without anything that differs from day to day or from user to user."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name in sorted(files):
            member = zipfile.ZipInfo(f"{folder_name}/{name}", EARLIEST_DATE)
            member.compress_type, member.create_system = zipfile.ZIP_DEFLATED, UNIX
            member.external_attr = PERMISSIONS << 16
            archive.writestr(member, files[name], compresslevel=9)
    return buffer.getvalue()


def _is_bundle(path: Path) -> bool:
    """Whether the file is one that `zip_report` wrote: one folder of the right name, with a first page."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            if any(member.date_time != EARLIEST_DATE for member in archive.infolist()):
                return False  # somebody added to it
    except zipfile.BadZipFile:
        return False
    top = names[0].partition("/")[0] if names else ""
    return top.startswith(PREFIX) and f"{top}/{INDEX}" in names and all(name.startswith(f"{top}/") for name in names)
