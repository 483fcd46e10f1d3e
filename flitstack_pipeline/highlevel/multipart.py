"""Multipart bodies read from disk while they are sent.

What belongs here: one streaming body of known length. `requests` would read every file into
memory first. What does not: which files go where (api/files.py).
"""

from __future__ import annotations

import mimetypes
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from requests_toolbelt import MultipartEncoder


@dataclass(frozen=True)
class FilePart:
    """A file to send: form key, path on disk, the name and type HighLevel shall see."""

    key: str
    path: Path
    name: str | None = None
    content_type: str | None = None

    @property
    def file_name(self) -> str:
        """The name sent, without characters that would break the header."""
        name = self.name or self.path.name
        return name.replace("\r", " ").replace("\n", " ").replace('"', "'")

    @property
    def mime_type(self) -> str:
        """The content type sent; guessed from the name when none is given."""
        guess = self.content_type or mimetypes.guess_type(self.file_name)[0]
        return guess or "application/octet-stream"


@contextmanager
def multipart(fields: Mapping[str, str], files: Iterable[FilePart]) -> Iterator[MultipartEncoder]:
    """A multipart/form-data body of texts and files, which are open during the block.

    Raises OSError when a file cannot be opened.
    """
    with ExitStack() as opened:
        parts: list[tuple[str, object]] = list(fields.items())
        for part in files:
            file = opened.enter_context(part.path.open("rb"))
            parts.append((part.key, (part.file_name, file, part.mime_type)))
        yield MultipartEncoder(parts)
