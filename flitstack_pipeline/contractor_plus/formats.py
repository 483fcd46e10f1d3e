"""Formats that hold no table we read: each refused by its name, with what to do instead."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

from flitstack_pipeline.contractor_plus.errors import UnreadableFile
from flitstack_pipeline.contractor_plus.folder import problem_of
from flitstack_pipeline.file_kinds import HEAD_BYTES, ending_of, text_in

_TAKE_OUT = "Take it out of the exports folder, or say what it is by exporting it as CSV."
_OLE = b"\xd0\xcf\x11\xe0"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_OTHER_MAGIC = {
    b"\x1f\x8b": "a packed file (gzip)",
    b"7z\xbc\xaf\x27\x1c": "an archive (7z)",
    b"SQLite format 3\x00": "a database (SQLite)",
    b"bplist00": "a property list of macOS",
}
_UNFINISHED = frozenset({".crdownload", ".part", ".partial", ".download", ".tmp"})
#: Control characters that no text has.
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")


def refuse_what_is_no_table(path: Path) -> bool:
    """Whether a file is a workbook; a file that is neither a workbook nor text is refused.

    Raises UnreadableFile.
    """
    problem = problem_of(path)
    if problem:
        raise UnreadableFile(path, problem, "Put the file itself into the exports folder.")
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    _refuse_empty(path, head)
    if head.startswith(b"PK\x03\x04"):
        _refuse_other_archives(path)
        return True
    if head.startswith(_OLE):
        _refuse_ole(path)
    _refuse_media(path, head)
    _refuse_documents(path, head)
    return False


def refuse_binary(path: Path, encoding: str) -> None:
    """Refuse a file of which a good part is no text. Raises UnreadableFile."""
    if encoding.startswith(("utf-16", "utf-32")):
        return
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    if len(_CONTROL.findall(head)) > len(head) / 10:
        raise UnreadableFile(path, "it is no text: its bytes are a program's", _TAKE_OUT)


def _refuse_empty(path: Path, head: bytes) -> None:
    if not head.strip(b" \t\r\n\x00\xef\xbb\xbf\xff\xfe"):
        if path.suffix.lower() in _UNFINISHED or path.stat().st_size > len(head):
            raise UnreadableFile(path, "it begins with nothing: unfinished?", "Export it again.")
        raise UnreadableFile(path, "it is empty", "Export it again, or take it out of the folder.")
    if path.suffix.lower() in _UNFINISHED:
        raise UnreadableFile(path, "it is an unfinished download", "Download it again.")


def _refuse_ole(path: Path) -> None:
    with path.open("rb") as file:
        protected = _ENCRYPTED in file.read(4_000_000)
    if protected:
        raise UnreadableFile(
            path,
            "the workbook is protected with a password",
            "Take the password off in Excel, save it again, and stage that.",
        )
    raise UnreadableFile(
        path,
        "it is an old binary Excel file (.xls) or a document of its time",
        "Save it as .xlsx without a password, or as CSV, and stage that.",
    )


def _refuse_media(path: Path, head: bytes) -> None:
    ending = ending_of(head)
    if ending and text_in(head) == "":
        raise UnreadableFile(
            path,
            f"it is no table but a .{ending} file",
            "When it belongs to a record, lay it into attachments/ and name it in attachments.csv.",
        )
    for magic, what in _OTHER_MAGIC.items():
        if head.startswith(magic):
            raise UnreadableFile(path, f"it is {what}", "Unpack it and stage what is in it.")


def _refuse_documents(path: Path, head: bytes) -> None:
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    held = text_in(head)
    if held == "a web page" or start.startswith((b"<table", b"<meta", b"<style")):
        raise UnreadableFile(
            path,
            "it is a web page, not a table",
            "Export again as CSV or Excel; a page saved as .xls: open it in Excel, save as .xlsx.",
        )
    if start.startswith(b"<?xml"):
        raise UnreadableFile(path, "it is an XML file", "Save it as .xlsx or CSV and stage that.")
    if held == "JSON" or (path.suffix.lower() == ".json" and start[:1] in (b"{", b"[")):
        raise UnreadableFile(path, "it is a JSON file", "Export it as CSV or Excel.")
    if start.startswith(b"{\\rtf"):
        raise UnreadableFile(path, "it is a text document (.rtf)", "Save its table as CSV.")


def _refuse_other_archives(path: Path) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            names = {name.replace("\\", "/") for name in archive.namelist()}
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise UnreadableFile(
            path, f"the workbook is damaged ({error})", "Open it in Excel and save it again."
        ) from error
    what = _archive_kind(names)
    if what:
        raise UnreadableFile(
            path, f"it is {what}", "Unpack it, or save it as .xlsx or CSV, and stage that."
        )


def _archive_kind(names: set[str]) -> str:
    """What an archive is, "" for a workbook."""
    if "[Content_Types].xml" in names:
        if "xl/workbook.bin" in names:
            return "a binary workbook (.xlsb)"
        if any(name.startswith("xl/") for name in names):
            return ""
        kinds = {"word/": "a text document (.docx)", "ppt/": "a presentation (.pptx)"}
        inside = next((k for k in kinds if any(n.startswith(k) for n in names)), "")
        return kinds.get(inside, "" if not inside else "a document")
    if "content.xml" in names and "META-INF/manifest.xml" in names:
        return "an archive or a spreadsheet of another kind: OpenDocument (.ods)"
    if any(name.endswith(".iwa") for name in names) or "Index.zip" in names:
        return "an archive or a spreadsheet of another kind: Apple Numbers (.numbers)"
    files = [name for name in names if not name.endswith("/")]
    return f"an archive or a spreadsheet of another kind: {len(files)} files packed in one"
