"""Images that stood inside notes, re-hosted in the media library.

Facts: docs/highlevel.md#notes, #files.
Found again by their name, which holds the hash of their content or address. Notes name them by a
mark, `{{image:HASH}}`, that becomes an image at HighLevel's address when the note is written.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from html import escape

from flitstack_pipeline.highlevel.api.files import MEDIA_MOST_BYTES
from flitstack_pipeline.migration.file_source import local_file
from flitstack_pipeline.migration.journal.store import IdMapRow
from flitstack_pipeline.migration.record_types.base import (
    Context,
    Found,
    Handler,
    Item,
    Logical,
    Written,
    only,
)

IMAGES = frozenset({"png", "jpg", "jpeg", "gif", "webp", "svg", "bmp"})
_MARK = re.compile(r"\{\{image:([0-9a-f]{64})\}\}")


class MediaHandler(Handler):
    """`media` rows: one image each, from the spooled images or from an address."""

    kind = "media"
    endpoint = "POST /medias/upload-file"
    editable = False
    read_before_undo = False

    def write(self, ctx: Context, items: Sequence[Item]) -> list[Written]:
        """Upload one image."""
        item = only(items)
        source = local_file(
            item.row.payload,
            ctx.options.images_root,
            ctx.options.allowed_hosts,
            most_bytes=MEDIA_MOST_BYTES,
            extensions=IMAGES,
        )
        with source as file:
            record = ctx.hl.files.upload_media(file.path, name=item.row.payload["file_name"])
        return [self._written(item, record["id"], record["url"])]

    def find(self, ctx: Context, item: Item) -> Written | None:
        """Is an image of this name in the library?"""
        for record in ctx.hl.files.list_media():
            if record.get("name") == item.row.payload["file_name"]:
                return self._written(item, record["id"], record["url"])
        return None

    def read(self, ctx: Context, entry: IdMapRow) -> Logical | None:
        """What we uploaded, when it is still there."""
        held = {r["id"] for r in ctx.hl.files.list_media()}
        return dict(entry.last_written or {}) if entry.hl_id in held else None

    def delete(self, ctx: Context, entry: IdMapRow) -> None:
        """Put the image into the library's bin."""
        ctx.hl.files.delete_media([entry.hl_id])

    def scan(self, ctx: Context, target: str) -> Iterator[Found]:
        """Every file of the media library."""
        for record in ctx.hl.files.list_media():
            logical = {"file_name": record.get("name")}
            yield Found(self.kind, self.kind, record["id"], logical, "", {"url": record.get("url")})

    def _written(self, item: Item, hl_id: str, url: str) -> Written:
        name = item.row.payload["file_name"]
        return Written(hl_id, {"file_name": name}, {"url": url, "name": name})


def media_key(mark: str) -> str:
    """The record key of the image a mark names."""
    return f"media:{mark}"


def shown_images(ctx: Context, body: str, addresses: dict[str, str]) -> dict[str, str]:
    """The HTML for each mark of a text: the re-hosted image, or a link when it is not there.

    `addresses` are the images' old addresses by hash, for those that had one.
    """
    marks = list(dict.fromkeys(_MARK.findall(body)))
    known = ctx.journal.entries(ctx.location, [media_key(mark) for mark in marks])
    shown = {}
    for mark in marks:
        entry, old = known.get(media_key(mark)), addresses.get(mark)
        if entry is not None:
            url, name = escape(entry.details["url"]), escape(entry.details["name"])
            html = f'<img src="{url}" alt="{name}">'
        elif old:
            html = f'<a href="{escape(old)}">image that could not be fetched</a>'
        else:
            html = "[image that could not be moved]"
        shown[f"{{{{image:{mark}}}}}"] = html
    return shown
