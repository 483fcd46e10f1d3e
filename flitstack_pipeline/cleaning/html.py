"""Notes with HTML: inline images taken out with their place kept, the rest sanitised."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

import lxml.etree
import lxml.html
import nh3

_LOOKS_LIKE_HTML = re.compile(
    r"<(p|br|div|b|i|u|ul|ol|li|a|img|span|strong|em|table|font|script|style|blockquote|h\d)[\s/>]",
    re.I,
)
_DATA_URL = re.compile(r"data:(image/[a-z0-9.+-]+)((?:;[^,;]*)*),(.*)", re.I | re.S)
#: Tags that begin or end a line; of a run of them one break stays.
_BLOCK = re.compile(
    r"</?(?:div|section|article|header|footer|address|pre|hr|h[1-6]|table|thead|tbody|tfoot|tr"
    r"|dl|dt|dd|figure|figcaption|form|center)(?:\s[^<>]*)?/?>",
    re.I,
)
_CELL_END = re.compile(r"</t[dh]\s*>\s*(?=<t[dh][\s>])", re.I)
_BREAKS = re.compile(r"(?:\s*<br\s*/?>\s*){2,}", re.I)
_OUTER_BREAKS = re.compile(r"^(?:\s*<br\s*/?>)+|(?:<br\s*/?>\s*)+$", re.I)
#: An address in angle brackets is text and no tag.
_ADDRESS = re.compile(r"<([^<>\s]+@[^<>\s]+)>")
_URL_SAFE = bytes.maketrans(b"-_", b"+/")
ALLOWED_TAGS = {"a", "b", "br", "em", "i", "li", "ol", "p", "strong", "u", "ul", "blockquote"}


@dataclass(frozen=True)
class InlineImage:
    """An image that stood inside a note: its bytes, or the address it is to be fetched from.

    `sha256` is the hash of the bytes, or of the address.
    """

    sha256: str
    content_type: str
    data: bytes
    url: str = ""


def clean_note(value: str | None) -> tuple[str | None, list[InlineImage]]:
    """Sanitised text and the images taken out; `{{image:SHA256}}` marks each image's place.

    Plain text is returned as it is: only what looks like HTML goes through the sanitiser.
    """
    if value is None or not value.strip():
        return None, []
    if not _LOOKS_LIKE_HTML.search(value):
        return value.strip(), []
    images: list[InlineImage] = []
    value = _ADDRESS.sub(r"&lt;\1&gt;", value)
    text = _take_images(value, images) if "<img" in value.lower() else value
    text = _with_breaks(text)
    text = nh3.clean(text, tags=ALLOWED_TAGS, attributes={"a": {"href"}}, link_rel=None)
    return text.strip() or None, images


def _with_breaks(text: str) -> str:
    """HTML whose blocks and rows of tables are told apart by breaks, its cells by bars."""
    if not _BLOCK.search(text):
        return text
    broken = _BLOCK.sub("<br>", _CELL_END.sub(" | ", text))
    return _OUTER_BREAKS.sub("", _BREAKS.sub("<br>", broken))


def _take_images(value: str, images: list[InlineImage]) -> str:
    """The HTML with a mark where each image stood."""
    body = lxml.html.fragment_fromstring(value.replace("\x00", ""), create_parent="div")
    for element in list(body.iter("img")):
        source = (element.get("src") or "").strip()
        element.tail = _replacement(source, element.get("alt"), images) + (element.tail or "")
        element.drop_tree()
    inside = lxml.etree.tostring(body, encoding="unicode", method="html")
    return str(inside).removeprefix("<div>").removesuffix("</div>")


def _replacement(source: str, alt: str | None, images: list[InlineImage]) -> str:
    match = _DATA_URL.fullmatch(source)
    if match is None:
        if source.startswith("//"):
            source = f"https:{source}"
        if source.lower().startswith(("http://", "https://")):
            mark = hashlib.sha256(source.encode()).hexdigest()
            images.append(InlineImage(mark, "", b"", source))
            return f"{{{{image:{mark}}}}}"
        told = ", ".join(dict.fromkeys(t for t in (alt, source[:200]) if t))
        return f"[image not in the export: {told}]" if told else "[image not in the export]"
    data = _bytes(match.group(2), match.group(3))
    if not data:
        return "[damaged image]"
    digest = hashlib.sha256(data).hexdigest()
    images.append(InlineImage(digest, match.group(1).lower(), data))
    return f"{{{{image:{digest}}}}}"


def _bytes(parameters: str, text: str) -> bytes:
    """The bytes of a data URL; empty when damaged."""
    if "base64" not in parameters.lower():
        return unquote_to_bytes(text)
    coded = re.sub(rb"\s", b"", unquote_to_bytes(text)).rstrip(b"=").translate(_URL_SAFE)
    try:
        return base64.b64decode(coded + b"=" * (-len(coded) % 4), validate=True)
    except (binascii.Error, ValueError):
        return b""
