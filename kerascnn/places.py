"""Where things lie: the checkout, its experiments, the store, the reports; and what the user's variables say of it."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from kerascnn.errors import KerascnnError, StoreError, UsageError

CHECKOUT = Path(__file__).resolve().parents[1]
FOLDERS = ("KERASCNN_EXPERIMENTS", "KERASCNN_STORE", "KERASCNN_REPORTS", "KERASCNN_CACHE", "KERAS_HOME")
"""The variables that name folders."""
NO_PLACES = (errno.ENAMETOOLONG, errno.ELOOP, errno.ENOTDIR, errno.EINVAL)
"""What systems answer where the text itself is at fault."""


def experiments_folder() -> Path:
    """The notebooks: `experiments/` of the checkout, or KERASCNN_EXPERIMENTS."""
    return folder_of("KERASCNN_EXPERIMENTS") or CHECKOUT / "experiments"


def store_folder() -> Path:
    """The runs: `runs/` of the checkout, or KERASCNN_STORE."""
    return folder_of("KERASCNN_STORE") or CHECKOUT / "runs"


def reports_folder() -> Path:
    """The rendered pages: `reports/` of the checkout, or KERASCNN_REPORTS."""
    return folder_of("KERASCNN_REPORTS") or CHECKOUT / "reports"


def cache_folder() -> Path:
    """Where decoded data and downloads are kept: `KERASCNN_CACHE`, else the user's cache folder."""
    chosen = folder_of("KERASCNN_CACHE")
    if chosen is not None:
        return chosen
    import platformdirs

    return platformdirs.user_cache_path("kerascnn")


def data_choice(choice: str | None) -> str:
    """Which data are meant: what was asked for on the command line, else KERASCNN_DATA, else `auto`."""
    return choice or variable("KERASCNN_DATA") or "auto"


def keras_folder() -> Path | None:
    """Where Keras keeps its settings and its data sets; None where there is no home folder."""
    try:
        return folder_of("KERAS_HOME") or Path.home() / ".keras"
    except RuntimeError:
        return None


def variable(name: str) -> str | None:
    """What the user set a variable to; None where it is not set, or blank.

    Without the line break that an `.env` file or the settings of a container leave at its end.
    """
    text = os.environ.get(name, "").strip("\r\n")
    return text if text.strip() else None


def folder_of(name: str) -> Path | None:
    """The folder that a variable names, links followed; None where it is not set. Raises: UsageError as `path_of`."""
    given = variable(name)
    return None if given is None else path_of(given, name).resolve()


def path_of(
    text: str,
    called: str,
    impossible: type[KerascnnError] = UsageError,
    unreadable: type[KerascnnError] = StoreError,
) -> Path:
    """The place that the user calls `text`, from the root on: `~` is a home folder.

    Raises: `impossible` when it can be none, `unreadable` when the disk does not say; `called` is the option or variable that
    it was given with.
    """
    try:
        path = Path(text).expanduser().absolute()
        path.resolve().exists()
    except (OSError, RuntimeError, ValueError) as err:
        if isinstance(err, OSError) and err.errno not in NO_PLACES:
            raise unreadable(f"{called} cannot be read: {err.strerror} ({text}).") from err
        reason = err.strerror if isinstance(err, OSError) else err
        raise impossible(
            f"{called} must be a path that the system can read. Received: {text} ({reason or err}). Write another one, "
            "beginning at the root."
        ) from err
    return path


def settle_variables() -> None:
    """Write the user's variables as every process started from this one should read them, wherever it runs.

    Folders from the root on, and this checkout first where packages are looked for: a kernel runs in the notebook's
    folder, and another checkout may be installed. Raises: UsageError as `path_of`.
    """
    for name in FOLDERS:
        folder = folder_of(name)
        if folder is not None:
            os.environ[name] = str(folder)
    os.environ.update(import_path())


def children_variables() -> dict[str, str]:
    """The variables of a process that is to run this very copy of the package, whatever else is installed.

    A copy: another thread may be loading NumPy, which moves the process' own list while the child is started from it.
    """
    return dict(os.environ) | import_path()


def import_path() -> dict[str, str]:
    """PYTHONPATH with this checkout first; nothing where the package is installed like any other."""
    if CHECKOUT.name in ("site-packages", "dist-packages") or os.pathsep in str(CHECKOUT):
        return {}
    others = [part for part in os.environ.get("PYTHONPATH", "").split(os.pathsep) if part and part != str(CHECKOUT)]
    return {"PYTHONPATH": os.pathsep.join([str(CHECKOUT), *others])}
