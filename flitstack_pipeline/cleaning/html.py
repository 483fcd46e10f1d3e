"""Notes with HTML: inline images taken out with their place kept, the rest sanitised."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass

import nh3

_LOOKS_LIKE_HTML = re.compile(
    r"<(p|br|div|b|i|ul|ol|li|a|img|span|strong|em|table|h\d)[\s/>]", re.I
)
_INLINE_IMAGE = re.compile(
    r"<img[^>]*?src\s*=\s*[\"']data:(image/[a-z0-9.+-]+);base64,([A-Za-z0-9+/=\s]+)[\"'][^>]*>",
    re.I,
)
ALLOWED_TAGS = {"a", "b", "br", "em", "i", "li", "ol", "p", "strong", "u", "ul", "blockquote"}


@dataclass(frozen=True)
class InlineImage:
    """An image that stood inside a note."""

    sha256: str
    content_type: str
    data: bytes


def clean_note(value: str | None) -> tuple[str | None, list[InlineImage]]:
    """Sanitised text and the images taken out; `{{image:SHA256}}` marks each image's place.

    Plain text is returned as it is: only what looks like HTML goes through the sanitiser.
    """
    if value is None or not value.strip():
        return None, []
    images: list[InlineImage] = []

    def take(match: re.Match[str]) -> str:
        try:
            data = base64.b64decode(re.sub(r"\s", "", match.group(2)), validate=True)
        except binascii.Error:
            return "[damaged image]"
        digest = hashlib.sha256(data).hexdigest()
        images.append(InlineImage(digest, match.group(1).lower(), data))
        return f"{{{{image:{digest}}}}}"

    text = _INLINE_IMAGE.sub(take, value)
    if _LOOKS_LIKE_HTML.search(text):
        text = nh3.clean(text, tags=ALLOWED_TAGS, attributes={"a": {"href"}}, link_rel=None)
    return text.strip() or None, images
