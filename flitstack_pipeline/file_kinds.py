"""What a file is by its first bytes and by what names it: the ending its name should have.

Bytes and names in, words out. Which files HighLevel takes and where they lie: `cleaning.files`.
"""

from __future__ import annotations

import contextlib
import json
import mimetypes
import re
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import parse_qsl, unquote, unquote_to_bytes, urlsplit

#: How many bytes are enough to tell.
HEAD_BYTES = 4_096
_MAGIC = (
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"\xff\xd8\xff", "jpg"),
    (b"GIF8", "gif"),
    (b"%PDF-", "pdf"),
    (b"Rar!\x1a\x07", "rar"),
    (b"ID3\x02", "mp3"),
    (b"ID3\x03", "mp3"),
    (b"ID3\x04", "mp3"),
    (b"8BPS\0\1", "psd"),
    (b"\0\0\1\0", "ico"),
    (b"OggS\0", "ogg"),
    (b"\x1aE\xdf\xa3", "webm"),
    (b"II*\x00", "tif"),
    (b"MM\x00*", "tif"),
)
_BRANDS = {b"heic": "heic", b"heix": "heic", b"mif1": "heic", b"msf1": "heic", b"avif": "avif",
           b"qt  ": "mov"}  # fmt: skip
_RIFF = {b"WEBP": "webp", b"WAVE": "wav", b"AVI ": "avi"}
#: Endings whose files are text, and what text they may be.
_MAY_HOLD = {
    "txt": {"text", "JSON", "XML"},
    "csv": {"text"},
    "svg": {"XML"},
    "xls": {"text", "XML"},
    "doc": {"text", "XML"},
}
#: Queries of signed addresses that name the file: S3 and Google, Azure; then plain ones.
_DISPOSITIONS = ("response-content-disposition", "rscd")
_NAME_KEYS = ("filename", "file_name", "file", "name", "fn", "key", "path")
_TYPE_KEYS = ("response-content-type", "rsct")


def ending_of(head: bytes) -> str:
    """The ending that a file of these first bytes should have, "" when they do not tell."""
    for magic, ending in _MAGIC:
        if head.startswith(magic):
            return ending
    if head[:4] == b"RIFF" and head[8:12] in _RIFF:
        return _RIFF[head[8:12]]
    if head.startswith(b"BM") and head[6:10] == bytes(4):
        return "bmp"
    if head[4:8] == b"ftyp":
        return _BRANDS.get(head[8:12], "mp4")
    if head.startswith(b"PK\x03\x04"):
        if b"word/" in head:
            return "docx"
        return "xlsx" if b"xl/" in head else "zip"
    return "svg" if re.search(rb"<svg[\s>]", head[:1_024]) and text_in(head) == "XML" else ""


def text_in(head: bytes) -> str:
    """What text a file begins with: a web page, XML, JSON or text; "" for what is no text."""
    if not head or b"\0" in head or head.startswith(tuple(magic for magic, _ in _MAGIC)):
        return ""
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if re.match(
        rb"(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body|title)\b", start, re.I | re.S
    ):
        return "a web page"
    if re.match(rb"(?:<\?xml\b|<!doctype\b|<[A-Za-z][\w:.-]*[\s/>])", start, re.I):
        return "a web page" if b"www.w3.org/1999/xhtml" in start else "XML"
    try:
        text = head.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.start < len(head) - 3:  # not a letter cut in two at the end of what was read
            return ""
        text = head[: error.start].decode("utf-8")
    return "JSON" if _is_json(text, len(head) < HEAD_BYTES) else "text"


def _is_json(text: str, whole: bool) -> bool:
    if not re.match(r"\s*[{\[]", text):
        return False
    if not whole:
        return bool(re.match(r'\s*(?:\{\s*"|\[\s*[{\["])', text))
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def wrong_content(name: str, head: bytes) -> str:
    """What a file holds instead of what its name says (a web page, JSON …), "" when it may be so.

    Servers answer with a message where a photo is not to be had, and browsers save it under the
    photo's name.
    """
    held = text_in(head)
    if not held:
        return ""
    if suffix_of(name) == "svg" and not re.search(rb"<(?:\w+:)?svg[\s>]", head):
        return held  # an error message in XML
    return "" if held in _MAY_HOLD.get(suffix_of(name), ()) else held


def suffix_of(name: str) -> str:
    """The ending of a name without its dot, in lower case."""
    return Path(name).suffix.lower().removeprefix(".")


def says_kind(name: str) -> bool:
    """Whether the ending of a name says what the file is; `.php` and `.2024` do not."""
    kind = mimetypes.guess_type(f"x.{suffix_of(name)}")[0] or ""
    return bool(kind) and not kind.startswith(("text/html", "application/x-httpd", "text/x-"))


def name_in_address(url: str) -> str:
    """The file's name in an address, its signature aside; "" when nothing in it is a name.

    Signed addresses of S3, Google and Azure say the name in a query, Firebase in a coded path.
    """
    parts = urlsplit(url)
    query = {key.lower(): value for key, value in parse_qsl(parts.query)}
    told = [_disposition(query.get(key, "")) for key in _DISPOSITIONS]
    told += [query.get(key, "") for key in _NAME_KEYS]
    last = _last_part(unquote(parts.path))
    names = [n for n in (*map(_last_part, told), last) if n]
    found = next((name for name in names if says_kind(name)), last or next(iter(names), ""))
    ending = next((e for key in _TYPE_KEYS if (e := ending_of_type(query.get(key, "")))), "")
    return found if not ending or says_kind(found) else f"{found or 'file'}.{ending}"


def ending_of_type(content_type: str | None) -> str:
    """The usual ending of files of a content type, "" for none and for one that says nothing."""
    kind = (content_type or "").split(";")[0].strip().lower()
    if kind in ("", "application/octet-stream", "binary/octet-stream") or kind.startswith("text/"):
        return ""
    known = {"image/jpeg": "jpg", "image/jpg": "jpg", "video/mp4": "mp4"}
    return known.get(kind) or (mimetypes.guess_extension(kind) or "").removeprefix(".")


def name_in_disposition(header: str | None) -> str:
    """The file name that a Content-Disposition header tells, `filename*` before `filename`."""
    return _last_part(_disposition(header or ""))


def best_name(shown: str, offered: Iterable[str], content_type: str | None, head: bytes) -> str:
    """The name of a fetched file whose name so far does not say what it is.

    Args:
        shown: The name so far.
        offered: Names the server offers, the best first; the first that says its kind is taken.
        content_type: What the server says the file is.
        head: The first bytes of the file, which tell the ending where no name does.
    """
    for name in offered:
        if says_kind(name):
            return name
    ending = ending_of(head) or ending_of_type(content_type)
    return f"{shown}.{ending}" if ending else shown


def _disposition(header: str) -> str:
    extended = re.search(r"filename\*\s*=\s*([\w-]*)'[^']*'([^;]+)", header, re.I)
    if extended:
        raw = unquote_to_bytes(extended.group(2).strip().strip('"'))
        try:
            return raw.decode(extended.group(1) or "utf-8")
        except (LookupError, UnicodeDecodeError):
            return raw.decode("utf-8", "replace")
    plain = re.search(r'filename\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;]+))', header, re.I)
    if not plain:
        return ""
    name = re.sub(r"\\(.)", r"\1", plain.group(1)) if plain.group(1) else plain.group(2) or ""
    with contextlib.suppress(UnicodeError):
        name = name.encode("latin-1").decode("utf-8")  # headers are read as Latin-1
    return unquote(name.strip())


def _last_part(path: str) -> str:
    return re.split(r"[/\\]", path.strip())[-1].strip() if path else ""
