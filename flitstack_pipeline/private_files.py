"""Files for their owner only, written whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, TextIO


@contextmanager
def replacing(
    path: Path, *, encoding: str = "utf-8", newline: str | None = None
) -> Iterator[TextIO]:
    """A text file to write in place of `path`: it takes the place when the block ends well.

    The folder is made when it is missing. Two processes may write at once; the later one stands.
    """
    with (
        _handle_in_place_of(path) as handle,
        os.fdopen(handle, "w", encoding=encoding, newline=newline) as file,
    ):
        yield file


@contextmanager
def replacing_bytes(path: Path) -> Iterator[BinaryIO]:
    """As `replacing`, a file of bytes."""
    with _handle_in_place_of(path) as handle, os.fdopen(handle, "wb") as file:
        yield file


@contextmanager
def _handle_in_place_of(path: Path) -> Iterator[int]:
    """The handle of a new file beside `path`, which the block closes; then it takes its place."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    handle = os.open(partial, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
    try:
        yield handle
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
