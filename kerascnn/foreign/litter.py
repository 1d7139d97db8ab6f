"""Names that file managers, archivers, network drives and sync clients leave in any folder they see."""

from __future__ import annotations

_NAMES = frozenset(
    {
        # macOS, and its archiver
        "__macosx", ".ds_store", ".localized", ".fseventsd", ".spotlight-v100", ".temporaryitems", ".trashes", ".apdisk",
        ".appledouble", ".volumeicon.icns", "icon\r", "network trash folder", "temporary items",
        # Windows
        "thumbs.db", "ehthumbs.db", "ehthumbs_vista.db", "desktop.ini", "$recycle.bin", "recycler",
        "system volume information",
        # Synology, QNAP and other network drives
        "@eadir", "@tmp", "#recycle", "#snapshot", "@recycle", "@recently-snapshot", "@__thumb", ".@__thumb",
        "synoindex_media_info", ".synologyworkingdirectory", "lost+found",
        # Linux, phones, picture viewers
        ".directory", ".nomedia", ".thumbnails", ".thumbdata", ".xvpics", ".picasa.ini", "picasa.ini", ".picasaoriginals",
        "zbthumbnail.info", ".bridgesort", ".bridgecache", ".bridgecachet",
        # sync clients and notebooks
        ".dropbox", ".dropbox.attr", ".dropbox.cache", ".stfolder", ".stversions", ".sync", ".ipynb_checkpoints",
    }
)  # fmt: skip
_BEGINNINGS = (
    "._",
    "~$",
    ".~lock.",
    ".trash-",
    ".fuse_hidden",
    ".nfs0",
    ".smbdelete",
    "synophoto_",
    "synovideo_",
    ".849c9593",
)
"""The last one is how OneDrive marks a folder it keeps."""
_ENDINGS = (
    ":zone.identifier",
    ":com.dropbox.attributes",
    ":com.dropbox.attrs",
    ":afp_afpinfo",
    ":afp_resource",
    "@synoresource",
    "@synoeastream",
    ".crdownload",
    ".icloud",
)
"""The first is what Windows notes about a download, seen from Linux; the last two are downloads that are not finished."""


def is_litter(name: str) -> bool:
    """Whether a file or folder of this name is nothing that a person put there, whatever its case."""
    lower = name.lower()
    return lower in _NAMES or lower.startswith(_BEGINNINGS) or lower.endswith(_ENDINGS)
