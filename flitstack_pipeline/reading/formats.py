"""Which files hold a table we read; each other is refused by its name, with what to do instead."""

from __future__ import annotations

import re
from pathlib import Path

from flitstack_pipeline.file_kinds import HEAD_BYTES, ending_of, text_in
from flitstack_pipeline.reading import containers
from flitstack_pipeline.reading.errors import UnreadableFile
from flitstack_pipeline.reading.folder import problem_of

_TAKE_OUT = "Take it out of the exports folder, or say what it is by exporting it as CSV."
_ATTACH = (
    "When it belongs to a record, lay it into attachments/ and name it in attachments.csv; a list "
    "that was printed or photographed: export it again as CSV or Excel."
)
_UNPACK = "Unpack it and stage what is in it."
_SAVE_TABLE = "Copy its table into a spreadsheet, save that as .xlsx or CSV, and stage that."
_SAVE_AS = "Open it in {}, save it as .xlsx or CSV, and stage that."
_EXPORT_AS = "Open it in {}, choose Export to CSV or Excel in its File menu, and stage that."
#: What a file is by its contents → in words, and what to do.
_KNOWN = {
    "xlsb": ("a binary workbook (.xlsb)", _SAVE_AS.format("Excel")),
    "xls": ("an old binary Excel file (.xls)", _SAVE_AS.format("Excel")),
    "ods": ("an OpenDocument spreadsheet (.ods)", _SAVE_AS.format("LibreOffice or Excel")),
    "numbers": ("a spreadsheet of Apple Numbers (.numbers)", _EXPORT_AS.format("Numbers")),
    "iwork": ("a document of Apple Numbers, Pages or Keynote", _EXPORT_AS.format("it")),
    "pages": ("a text document of Apple Pages (.pages)", _SAVE_TABLE),
    "key": ("a presentation of Apple Keynote (.key)", _SAVE_TABLE),
    "docx": ("a text document (.docx)", _SAVE_TABLE),
    "doc": ("a text document (.doc)", _SAVE_TABLE),
    "odt": ("a text document of OpenDocument (.odt)", _SAVE_TABLE),
    "rtf": ("a text document (.rtf)", _SAVE_TABLE),
    "pptx": ("a presentation (.pptx)", _SAVE_TABLE),
    "ppt": ("a presentation (.ppt)", _SAVE_TABLE),
    "odp": ("a presentation of OpenDocument (.odp)", _SAVE_TABLE),
    "vsdx": ("a drawing (.vsdx)", _ATTACH),
    "epub": ("a book (.epub)", _TAKE_OUT),
    "msg": ("a message of Outlook (.msg)", _ATTACH),
    "eml": ("a message (.eml)", _ATTACH),
    "": ("a document of an old Office program", _SAVE_AS.format("the program that made it")),
    "zip": ("an archive (.zip)", _UNPACK),
    "gzip": ("a packed file (gzip)", _UNPACK),
    "7z": ("an archive (7z)", _UNPACK),
    "rar": ("an archive (.rar)", _UNPACK),
    "tar": ("an archive (.tar)", _UNPACK),
    "bzip2": ("a packed file (bzip2)", _UNPACK),
    "xz": ("a packed file (xz)", _UNPACK),
    "zstd": ("a packed file (zstd)", _UNPACK),
    "sqlite": ("a database (SQLite)", "Export its tables as CSV, and stage those."),
    "access": ("a database (Microsoft Access)", "Export its tables as CSV, and stage those."),
    "sql": ("a dump of a database (SQL)", "Export its tables as CSV, and stage those."),
    "parquet": ("a Parquet file", "Save its table as CSV, and stage that."),
    "plist": ("a property list of macOS", _TAKE_OUT),
    "vcf": ("a list of contacts (vCard), no table", "Export the clients as CSV or Excel."),
    "ics": ("a calendar (iCalendar), no table", "Export the appointments as CSV or Excel."),
    "link": ("a shortcut to a web page", "Download what it leads to as CSV or Excel."),
}  # fmt: skip
_MAGIC = {
    b"\x1f\x8b": "gzip",
    b"7z\xbc\xaf\x27\x1c": "7z",
    b"Rar!\x1a\x07": "rar",
    b"BZh": "bzip2",
    b"\xfd7zXZ\x00": "xz",
    b"\x28\xb5\x2f\xfd": "zstd",
    b"SQLite format 3\x00": "sqlite",
    b"\x00\x01\x00\x00Standard Jet DB": "access",
    b"\x00\x01\x00\x00Standard ACE DB": "access",
    b"PAR1": "parquet",
    b"bplist00": "plist",
    b"\x09\x00\x04\x00": "xls",
    b"\x09\x02\x06\x00": "xls",
    b"\x09\x04\x06\x00": "xls",
    b"\x09\x08\x08\x00": "xls",
}
#: Texts that are no tables, by how they begin.
_TEXTS = {
    rb"\{\\rtf": "rtf",
    rb"begin:vcard\b": "vcf",
    rb"begin:vcalendar\b": "ics",
    rb"\[internetshortcut\]": "link",
    rb"(?:[a-z][\w-]*: [^\r\n]*(?:\r?\n[ \t][^\r\n]*)*\r?\n)*"
    rb"(?:message-id|mime-version|received|return-path): ": "eml",
    rb"(?>\s*(?:--[^\n]*|/\*.*?\*/;?)\s*\n)*+\s*(?:create\s+(?:table|database)|insert\s+into|"
    rb"drop\s+table|set\s+names)\s": "sql",
}
_UNFINISHED = frozenset({".crdownload", ".part", ".partial", ".download", ".tmp"})
#: Control characters that no text has, and what comes of bytes that are none of an encoding.
_NO_TEXT = re.compile("[\x00-\x08\x0e-\x1a\x1c-\x1f\ufffd\ue000-\uf8ff]")


#: Kinds of files with cells that are no lines of text.
WORKBOOK, PAGE, JSON = "xlsx", "html", "json"


def kind_of_table(path: Path) -> str:
    """WORKBOOK, PAGE or JSON; "" for text. Raises UnreadableFile for what is none of them."""
    problem = problem_of(path)
    if problem:
        raise UnreadableFile(path, problem, "Put the file itself into the exports folder.")
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    _refuse_empty(path, head)
    if head.startswith(containers.ZIP):
        _refuse_archive(path)
        return WORKBOOK
    if head.startswith(containers.OLE):
        _refuse_compound(path)
    _refuse_binary_kinds(path, head)
    return _kind_of_text(path, head)


def refuse_binary(path: Path, encoding: str) -> None:
    """Refuse a file of which a good part is no text. Raises UnreadableFile."""
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    text = head.decode("latin-1")
    if encoding.startswith(("utf-16", "utf-32")):
        text = head.decode(encoding, "replace")
    if len(_NO_TEXT.findall(text)) > len(text) / 10:
        raise UnreadableFile(path, "it is no text: its bytes are a program's", _TAKE_OUT)


def _refuse_empty(path: Path, head: bytes) -> None:
    if not head.strip(b" \t\r\n\x00\xef\xbb\xbf\xff\xfe"):
        if path.suffix.lower() in _UNFINISHED or path.stat().st_size > len(head):
            raise UnreadableFile(path, "it begins with nothing: unfinished?", "Export it again.")
        raise UnreadableFile(path, "it is empty", "Export it again, or take it out of the folder.")
    if path.suffix.lower() in _UNFINISHED:
        raise UnreadableFile(path, "it is an unfinished download", "Download it again.")


def _refuse_archive(path: Path) -> None:
    """Refuse what begins like a workbook and is none."""
    kind = containers.zip_kind(path)
    if kind == containers.WORKBOOK:
        return
    if kind == containers.DAMAGED:
        reason = "the workbook is damaged: it is cut short, or its parts are lost"
        what_to_do = "Export it again, or open it in Excel and save it again."
        raise UnreadableFile(path, reason, what_to_do)
    if kind == containers.ENCRYPTED:
        raise UnreadableFile(path, "it is an archive with a password", _UNPACK)
    files = containers.files_in(path) if kind == "zip" else 0
    raise _refused(path, kind, f" with {files} files packed in one" if files else "")


def _refuse_compound(path: Path) -> None:
    kind = containers.ole_kind(path)
    if kind == containers.ENCRYPTED:
        raise UnreadableFile(
            path,
            "the workbook is protected with a password",
            "Take the password off in Excel, save it again, and stage that.",
        )
    raise _refused(path, kind or ("xls" if path.suffix.lower() == ".xls" else ""))


def _refused(path: Path, kind: str, more: str = "") -> UnreadableFile:
    what, what_to_do = _KNOWN[kind]
    return UnreadableFile(path, f"it is {what}{more}", what_to_do)


def _refuse_binary_kinds(path: Path, head: bytes) -> None:
    for magic, kind in _MAGIC.items():
        if head.startswith(magic) and not text_in(head):
            raise _refused(path, kind)
    if head[257:262] == b"ustar":
        raise _refused(path, "tar")
    ending = ending_of(head)
    if ending:
        raise UnreadableFile(path, f"it is no table but a .{ending} file", _ATTACH)


def _kind_of_text(path: Path, head: bytes) -> str:
    """PAGE, JSON, or "" for lines. Raises UnreadableFile for texts that are no tables."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        head = head.decode("utf-16", "ignore").encode()
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    held = text_in(head)
    if held == "a web page" or start.startswith((b"<table", b"<meta", b"<style")):
        return PAGE
    if start.startswith(b"<?xml"):
        raise UnreadableFile(path, "it is an XML file", "Save it as .xlsx or CSV and stage that.")
    if held == "JSON" or (path.suffix.lower() == ".json" and start[:1] in (b"{", b"[")):
        return JSON
    for pattern, kind in _TEXTS.items():
        if re.match(pattern, start, re.DOTALL):
            raise _refused(path, kind)
    return ""
