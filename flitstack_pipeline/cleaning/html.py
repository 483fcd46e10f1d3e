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
    text = _take_images(value, images) if "<img" in value.lower() else value
    text = nh3.clean(text, tags=ALLOWED_TAGS, attributes={"a": {"href"}}, link_rel=None)
    return text.strip() or None, images


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
        if source.lower().startswith(("http://", "https://")):
            mark = hashlib.sha256(source.encode()).hexdigest()
            images.append(InlineImage(mark, "", b"", source))
            return f"{{{{image:{mark}}}}}"
        return f"[image: {alt}]" if alt else ""
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
    try:
        return base64.b64decode(re.sub(r"\s", "", text), validate=True)
    except (binascii.Error, ValueError):
        return b""
