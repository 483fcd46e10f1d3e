"""The one error that leaves this room: a file that is refused as a whole."""

from __future__ import annotations

from pathlib import Path

from flitstack_pipeline.errors import BadInput


class UnreadableFile(BadInput):
    """A file that is refused as a whole, with the reason and what to do."""

    def __init__(self, path: Path, reason: str, what_to_do: str) -> None:
        self.path, self.reason, self.what_to_do = path, reason, what_to_do
        super().__init__(f"{path.name}: {reason}. {what_to_do}")
