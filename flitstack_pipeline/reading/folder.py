"""What lies in the exports folder: what is to be read or refused by its name, and attachments.

Nothing in the folder is passed over in silence but what systems leave behind (`.DS_Store`, locks of
open workbooks). Belongs here: walking. Does not: what a file holds (`cells`, `survey`).
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

MANIFEST = "export_manifest.json"
#: Folders of files that exports name.
ATTACHMENTS = frozenset({"attachments", "files"})
#: Photos, papers and films: they hang on records, wherever they lie below the folder.
MEDIA = frozenset(
    {"jpg", "jpeg", "png", "gif", "webp", "heic", "heif", "bmp", "tif", "tiff", "svg", "pdf", "mp4",
     "mov", "avi", "mpeg", "mp3", "wav", "m4a", "doc", "docx", "eml", "msg"}
)  # fmt: skip
#: Documents that macOS keeps as folders.
_BUNDLES = frozenset({".numbers", ".pages", ".key"})
_TABLES = frozenset(
    {
        ".csv",
        ".tsv",
        ".tab",
        ".txt",
        ".xlsx",
        ".xlsm",
        ".xls",
        ".xlsb",
        ".ods",
        ".html",
        ".htm",
        ".json",
    }
)
_LEFTOVERS = ("._", "~$", ".~lock.", ".git")
_LEFTOVER_NAMES = frozenset(
    {".ds_store", "thumbs.db", "desktop.ini", ".localized", MANIFEST, f"{MANIFEST}.part"}
)


def export_files(exports: Path) -> Iterator[Path]:
    """Everything that may be an export, in name order; what cannot be read is among it.

    Folders of attachments are not even entered, nor are photos and papers below the top.
    """
    yield from sorted(path for path, is_export in _walked(exports) if is_export)


def attachment_files(exports: Path) -> Iterator[Path]:
    """Every other file: what lies in a folder of attachments, and photos and papers."""
    yield from sorted(path for path, is_export in _walked(exports) if not is_export)


def problem_of(path: Path) -> str:
    """Why a place in the folder is no file that can be opened, "" when it is one."""
    try:
        mode = path.stat().st_mode
    except OSError:
        return "it is a link that leads nowhere" if path.is_symlink() else "it cannot be opened"
    if stat.S_ISDIR(mode):
        if path.suffix.lower() in _BUNDLES:
            return "it is a document saved as a folder"
        return "it is a link to a folder" if path.is_symlink() else "it is a folder, not a file"
    if not stat.S_ISREG(mode):
        return "it is no file but a device or a pipe"
    return "" if os.access(path, os.R_OK) else "its owner does not let it be read"


def is_media(path: Path) -> bool:
    """Whether a name is that of a photo, paper or film."""
    return path.suffix.lower().removeprefix(".") in MEDIA


def _walked(exports: Path) -> Iterator[tuple[Path, bool]]:
    """(path, whether it may be an export)."""
    for folder, inside, names in os.walk(exports):
        here = Path(folder)
        attached = any(p.lower() in ATTACHMENTS for p in here.relative_to(exports).parts)
        entered = []
        for name in inside:
            if _is_leftover(name):
                continue
            if _is_closed(here / name):
                yield here / name, not attached
            else:
                entered.append(name)
        inside[:] = entered
        for name in names:
            if not _is_leftover(name):
                media = is_media(Path(name)) and here != exports
                yield here / name, not attached and not media


def _is_leftover(name: str) -> bool:
    return name.lower() in _LEFTOVER_NAMES or name.startswith(_LEFTOVERS)


def _is_closed(folder: Path) -> bool:
    """Whether a folder stands for a file: a document, a link, an empty one named like a table."""
    suffix = folder.suffix.lower()
    if folder.is_symlink() or suffix in _BUNDLES:
        return True
    return suffix in _TABLES and not any(folder.iterdir())
