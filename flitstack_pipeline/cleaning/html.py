"""Notes with HTML: inline images taken out with their place kept, the rest sanitised or plain."""

from __future__ import annotations

import base64
import binascii
import hashlib
import html
import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

import lxml.etree
import lxml.html
import nh3

from flitstack_pipeline.cleaning.tags import NAMES, TAG

_LOOKS_LIKE_HTML = re.compile(rf"{TAG}|<img\s", re.I)
#: What stands in angle brackets and is no tag: an address, `<10 ft`, `<none>`.
_NO_TAG = re.compile(rf"<(?!/?(?:{NAMES})(?=[\s/>])|!)", re.I)
_COMMENT = re.compile(r"<!--.*?-->|<![a-z][^>]*>", re.I | re.S)
_HIDDEN = re.compile(r"<(script|style|title|head)\b.*?</\1\s*>", re.I | re.S)
_DATA_URL = re.compile(r"data:(image/[a-z0-9.+-]+)((?:;[^,;]*)*),(.*)", re.I | re.S)
#: Tags that begin or end a line and that a note does not keep.
_BLOCK = re.compile(
    r"</?(?:div|section|article|aside|main|nav|header|footer|address|pre|hr|h[1-6]|dl|dt|dd|figure"
    r"|figcaption|form|fieldset|legend|details|summary|center|dir|caption|table|thead|tbody|tfoot"
    r"|option|optgroup|select|button|textarea|body|html)(?:[\s/][^<>]*)?>",
    re.I,
)
_ROW = re.compile(r"</?tr(?:[\s/][^<>]*)?>", re.I)
_CELL = re.compile(r"<t[dh](?:[\s/][^<>]*)?>", re.I)
_CELL_END = re.compile(r"</t[dh]\s*>", re.I)
#: Where a row and a cell begin, until breaks are settled.
_ROW_MARK, _CELL_MARK = "\ue001", "\ue002"
_BR = r"(?:\s*<br\s*/?>\s*)"
_EDGE = r"(?:\s*(?:<br\s*/?>|</?p(?:\s[^<>]*)?>)\s*)*"
_OUTER_BREAKS = re.compile(rf"^{_BR}+|{_BR}+$", re.I)
_KEPT_LINES = r"</?(?:p|ul|ol|li|blockquote)(?:\s[^<>]*)?>"
_URL_SAFE = bytes.maketrans(b"-_", b"+/")
ALLOWED_TAGS = {"a", "b", "br", "em", "i", "li", "ol", "p", "strong", "u", "ul", "blockquote"}
MARK = re.compile(r"\{\{image:([0-9a-f]{64})\}\}")
LOST, DAMAGED = "[image not in the export", "[damaged image]"


@dataclass(frozen=True)
class InlineImage:
    """An image that stood inside a note: its bytes, or the address it is to be fetched from.

    `sha256` is the hash of the bytes, or of the address. `problem` says why there are neither.
    """

    sha256: str
    content_type: str
    data: bytes
    url: str = ""
    problem: str = ""

    @property
    def file_name(self) -> str:
        """Its name as a file."""
        if not self.url:
            return image_file(self.sha256, self.content_type)
        suffix = re.search(r"\.(png|jpe?g|gif|webp|svg|bmp)(?:$|[?#])", self.url, re.I)
        return image_file(self.sha256, suffix[1].lower() if suffix else "")


#: Finds an image that the export holds as a file: its place → (content type, bytes), or nothing.
FindImage = Callable[[str], tuple[str, bytes] | None]


def image_file(mark: str, content_type: str) -> str:
    """The name of an image taken out of a note, in its folder and in HighLevel's library."""
    extension = (content_type or "").rpartition("/")[2].split("+")[0].lower()
    return f"note-image-{mark[:16]}.{ {'jpeg': 'jpg', '': 'png'}.get(extension, extension) }"


def clean_note(
    value: str | None, find: FindImage | None = None
) -> tuple[str | None, list[InlineImage]]:
    """Sanitised text and the images taken out; `{{image:SHA256}}` marks each image's place.

    Plain text is returned as it is: only what looks like HTML goes through the sanitiser. Images
    that are nowhere stand in the list with their problem, and in words in the text.

    Args:
        value: The text as exported.
        find: Finds images that the export holds as files beside it.
    """
    if value is None or not value.strip():
        return None, []
    if not looks_like_html(value):
        return value.strip(), []
    images: list[InlineImage] = []
    value = _HIDDEN.sub("", _COMMENT.sub("", value.replace("\x00", "")))
    value = _NO_TAG.sub("&lt;", value)
    text = _take_images(value, images, find) if "<img" in value.lower() else value
    text = nh3.clean(
        _with_breaks(text), tags=ALLOWED_TAGS, attributes={"a": {"href"}}, link_rel=None
    )
    return _OUTER_BREAKS.sub("", text).strip() or None, images


def looks_like_html(value: str) -> bool:
    """Whether a text holds a tag."""
    return "<" in value and bool(_LOOKS_LIKE_HTML.search(value))


def plain_note(text: str | None, images: list[InlineImage]) -> str | None:
    """A sanitised note as plain text: lines, items and addresses of links; images by their name."""
    if not text:
        return None
    names = {image.sha256: image.file_name for image in images}
    text = MARK.sub(lambda m: f"[image: {names.get(m.group(1), m.group(1)[:16])}]", text)
    if not looks_like_html(text) and "&" not in text:
        return text
    text = re.sub(r'(?is)<a\s[^<>]*href="([^"]*)"[^<>]*>(.*?)</a>', _link, text)
    text = re.sub(r"(?i)\s*<li(?:\s[^<>]*)?>\s*", "\n- ", text)
    text = re.sub(rf"(?i)\s*(?:{_KEPT_LINES}\s*)+", "\n", text)
    text = re.sub(r"(?i)[ \t]*<br\s*/?>[ \t]*\n?", "\n", text)
    text = html.unescape(re.sub(rf"(?i)</?(?:{NAMES})(?:[\s/][^<>]*)?>", "", text))
    lines = [line.strip() for line in text.replace("\xa0", " ").split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip() or None


def _link(match: re.Match[str]) -> str:
    """A link as its words, with the address beside them where they do not say it."""
    address, words = match.group(1), match.group(2)
    bare = html.unescape(re.sub(r"<[^>]*>", "", words)).strip()
    target = html.unescape(address)
    said = re.sub(r"^(?:mailto|tel):|^https?://|/$", "", target)
    return words if not target or said in bare or bare == target else f"{words} ({address})"


def _with_breaks(text: str) -> str:
    """HTML whose blocks and rows of tables are told apart by breaks, its cells by bars."""
    text = _CELL.sub(_CELL_MARK, _CELL_END.sub(" ", text))
    text = _BLOCK.sub("<br>", _ROW.sub(_ROW_MARK, text))
    if _CELL_MARK in text:
        text = re.sub(rf"(?i){_EDGE}\s*([{_CELL_MARK}{_ROW_MARK}])\s*{_EDGE}", r"\1", text)
        text = re.sub(rf"(^|{_ROW_MARK}|<br>)\s*{_CELL_MARK}\s*", r"\1", text)
        text = re.sub(rf"\s*{_CELL_MARK}\s*", " | ", text)
    text = text.replace(_ROW_MARK, "<br>")
    text = re.sub(rf"(?i){_BR}{{2,}}", "<br>", text)
    text = re.sub(rf"(?i){_BR}+(?={_KEPT_LINES})|(?<=>){_BR}+(?=\s*<p)", "", text)
    text = re.sub(rf"(?i)({_KEPT_LINES}){_BR}+", r"\1", text)
    return _OUTER_BREAKS.sub("", text)


def _take_images(value: str, images: list[InlineImage], find: FindImage | None) -> str:
    """The HTML with a mark where each image stood."""
    body = lxml.html.fragment_fromstring(value, create_parent="div")
    for element in list(body.iter("img")):
        source = (element.get("src") or element.get("data-src") or "").strip()
        image = _image(source, find)
        images.append(image)
        told = _words_of(image, source, element.get("alt"))
        element.tail = told + (element.tail or "")
        element.drop_tree()
    inside = lxml.etree.tostring(body, encoding="unicode", method="html")
    return str(inside).removeprefix("<div>").removesuffix("</div>")


def _words_of(image: InlineImage, source: str, alt: str | None) -> str:
    """What stands in the text where the image stood."""
    if not image.problem:
        return f"{{{{image:{image.sha256}}}}}"
    if source.lower().startswith("data:"):
        return DAMAGED
    told = ", ".join(dict.fromkeys(t for t in (alt, source[:200]) if t))
    return f"{LOST}: {told}]" if told else f"{LOST}]"


def _image(source: str, find: FindImage | None) -> InlineImage:
    match = _DATA_URL.fullmatch(source)
    if match:
        data = _bytes(match.group(2), match.group(3))
        if data:
            return InlineImage(hashlib.sha256(data).hexdigest(), match.group(1).lower(), data)
        return _lost(source, "its data are damaged")
    if source.startswith("//"):
        source = f"https:{source}"
    if source.lower().startswith(("http://", "https://")):
        return InlineImage(hashlib.sha256(source.encode()).hexdigest(), "", b"", source)
    held = find(source) if find and source and ":" not in source[:12] else None
    if held:
        return InlineImage(hashlib.sha256(held[1]).hexdigest(), held[0], held[1])
    why = "it lies in an e-mail" if source.lower().startswith("cid:") else "the export has no file"
    return _lost(source, f"{why} for {source[:200]!r}" if source else "it has no address")


def _lost(source: str, problem: str) -> InlineImage:
    return InlineImage(hashlib.sha256(source.encode()).hexdigest(), "", b"", "", problem)


def _bytes(parameters: str, text: str) -> bytes:
    """The bytes of a data URL; empty when damaged."""
    if "base64" not in parameters.lower():
        return unquote_to_bytes(text)
    coded = re.sub(rb"\s", b"", unquote_to_bytes(text)).rstrip(b"=").translate(_URL_SAFE)
    try:
        return base64.b64decode(coded + b"=" * (-len(coded) % 4), validate=True)
    except (binascii.Error, ValueError):
        return b""
