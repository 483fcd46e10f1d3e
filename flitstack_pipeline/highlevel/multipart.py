"""Multipart bodies read from disk while they are sent.

What belongs here: one streaming body of known length. `requests` would read every file into
memory first. What does not: which files go where (files.py).
"""

from __future__ import annotations

import io
import mimetypes
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO


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


class MultipartBody:
    """A readable multipart/form-data body; open it, send it, close it."""

    def __init__(self, fields: Mapping[str, str], files: Iterable[FilePart]) -> None:
        self.boundary = uuid.uuid4().hex
        self._parts: list[IO[bytes]] = []
        self._opened: list[IO[bytes]] = []
        self._length = 0
        for key, value in fields.items():
            self._text(f"{self._head(key)}\r\n\r\n{value}\r\n")
        try:
            for part in files:
                self._file(part)
        except OSError:
            self.close()
            raise
        self._text(f"--{self.boundary}--\r\n")

    @property
    def content_type(self) -> str:
        """The Content-Type header of this body."""
        return f"multipart/form-data; boundary={self.boundary}"

    def __len__(self) -> int:
        return self._length

    def read(self, size: int = -1) -> bytes:
        """Return up to `size` bytes, b"" at the end."""
        chunks: list[bytes] = []
        wanted = size if size >= 0 else self._length
        while wanted > 0 and self._parts:
            chunk = self._parts[0].read(wanted)
            if chunk:
                chunks.append(chunk)
                wanted -= len(chunk)
            else:
                self._parts.pop(0)
        return b"".join(chunks)

    def close(self) -> None:
        """Close the files."""
        for opened in self._opened:
            opened.close()

    def _head(self, key: str) -> str:
        return f'--{self.boundary}\r\nContent-Disposition: form-data; name="{key}"'

    def _text(self, text: str) -> None:
        data = text.encode("utf-8")
        self._parts.append(io.BytesIO(data))
        self._length += len(data)

    def _file(self, part: FilePart) -> None:
        size = part.path.stat().st_size
        opened = part.path.open("rb")
        self._opened.append(opened)
        head = f'{self._head(part.key)}; filename="{part.file_name}"'
        self._text(f"{head}\r\nContent-Type: {part.mime_type}\r\n\r\n")
        self._parts.append(opened)
        self._length += size
        self._text("\r\n")
