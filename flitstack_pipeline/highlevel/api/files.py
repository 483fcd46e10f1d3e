"""Files: the media library, and uploads for the file fields of contacts and opportunities.

Files are streamed from disk. `altId`/`altType` name the sub-account in the media library,
`locationId` stands in the path of the field upload (docs/highlevel.md#files). The other upload for
contacts, `POST /forms/upload-custom-files`, replaces what is there (live: L6) and is not used.
"""

from __future__ import annotations

import mimetypes
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flitstack_pipeline.highlevel.answer_types import NamedList
from flitstack_pipeline.highlevel.api.base import Family, Record
from flitstack_pipeline.highlevel.errors import AmbiguousOutcome, UnexpectedAnswer
from flitstack_pipeline.highlevel.multipart import FilePart
from flitstack_pipeline.highlevel.reading import read_named

MEDIA_MOST_BYTES = 25 * 1024 * 1024
VIDEO_MOST_BYTES = 500 * 1024 * 1024
FIELD_MOST_BYTES = 50 * 1024 * 1024
FIELD_EXTENSIONS = frozenset(
    "pdf docx doc jpg jpeg png gif csv xlsx xls mp4 mpeg zip rar txt svg".split()  # noqa: SIM905
)


@dataclass(frozen=True)
class FieldFile:
    """A file for a FILE_UPLOAD field; `file_id` is chosen here, so that it is found again."""

    path: Path
    name: str | None = None
    content_type: str | None = None
    file_id: str = field(default_factory=lambda: str(uuid.uuid4()))

    def part(self, key: str) -> FilePart:
        """Return it as a part of a form."""
        return FilePart(key, self.path, self.name, self.content_type)


@dataclass(frozen=True)
class Uploaded:
    """A file that lies at HighLevel but hangs on nothing yet."""

    name: str
    url: str
    meta: dict[str, Any]


class Files(Family):
    """`/medias`, `/forms/upload-custom-files`, `/locations/{locationId}/customFields/upload`."""

    def upload_media(
        self, path: Path, *, name: str | None = None, parent_id: str | None = None
    ) -> Record:
        """Put a file into the media library: `{id, url}`; 25 MB, videos 500 MB."""
        fields = {"hosted": "false", "name": name or path.name}
        if parent_id:
            fields["parentId"] = parent_id
        return self._uploaded(data=fields, files=[FilePart("file", path, name)])

    def host_media(self, url: str, name: str) -> Record:
        """Let HighLevel fetch a file into the media library; it cannot read signed addresses."""
        return self._uploaded(data={"hosted": "true", "fileUrl": url, "name": name})

    def _uploaded(self, **arguments: Any) -> Record:
        """Send; a success that names no file did happen, but which one it is is unknown."""
        route = "/medias/upload-file"
        answer = self._call("POST", route, **arguments)
        file_id, url = (
            answer.get("fileId") or answer.get("id") or answer.get("_id"),
            answer.get("url"),
        )
        if not file_id or not url:
            unusable = UnexpectedAnswer("POST", route, messages=["no fileId or url in the answer"])
            raise AmbiguousOutcome("POST", route, unusable)
        return {**answer, "id": str(file_id), "url": str(url)}

    def list_media(self, kind: str = "file") -> NamedList:
        """Read the media library; `kind` is file or folder."""
        params = {
            "altType": "location",
            "altId": self.location_id,
            "type": kind,
            "sortBy": "createdAt",
            "sortOrder": "asc",
        }
        found = self._listed("/medias/files", "files", params, 100, "offset")
        return [read_named(raw) for raw in found]

    def delete_media(self, file_ids: Sequence[str]) -> None:
        """Put files of the media library into its bin."""
        body = {
            "filesToBeDeleted": [{"_id": file_id} for file_id in file_ids],
            "altType": "location",
            "altId": self.location_id,
            "status": "trashed",
        }
        self._call("PUT", "/medias/delete-files", json=body)

    def upload_for_field(self, field_id: str, files: Sequence[FieldFile]) -> list[Uploaded]:
        """Upload files that a FILE_UPLOAD value will name; one answer each, in the order given.

        They are matched by the name of their part, else by position: the answer's own names need
        not be those of the files (live: L13). Raises AmbiguousOutcome when one has no address: it
        hangs on nothing, so it can be sent again.
        """
        route = "/locations/{locationId}/customFields/upload"
        answer = self._call(
            "POST",
            route,
            path={"locationId": self.location_id},
            data={"id": field_id, "maxFiles": str(len(files))},
            files=[file.part(f"{field_id}_{file.file_id}") for file in files],
        )
        told = answer.get("uploadedFiles")
        addresses = list(told.items()) if isinstance(told, dict) else []
        metas = [meta for meta in answer.get("meta") or [] if isinstance(meta, dict)]
        found = []
        for position, file in enumerate(files):
            name = str(file.name or file.path.name)
            meta = _described(f"{field_id}_{file.file_id}", name, position, metas, len(files))
            url = _address(name, position, meta, addresses, len(files))
            if not url:
                unusable = UnexpectedAnswer("POST", route, messages=["no address of a file"])
                raise AmbiguousOutcome("POST", route, unusable)
            guess = mimetypes.guess_type(name)[0] or "application/octet-stream"
            found.append(Uploaded(name, url, {"originalname": name, "mimetype": guess, **meta}))
        return found


def _described(
    part: str, name: str, position: int, metas: Sequence[dict[str, Any]], count: int
) -> dict[str, Any]:
    """What the answer tells about one file."""
    by_part = next((meta for meta in metas if meta.get("fieldname") == part), None)
    if by_part is not None:
        return by_part
    if len(metas) == count:
        return metas[position]
    return next((m for m in metas if name in (m.get("originalname"), m.get("name"))), {})


def _address(
    name: str,
    position: int,
    meta: dict[str, Any],
    addresses: Sequence[tuple[str, Any]],
    count: int,
) -> str:
    """Where one uploaded file lies."""
    told = meta.get("url") or meta.get("fileUrl") or dict(addresses).get(name)
    if not told and len(addresses) == count:
        told = addresses[position][1]
    return str(told or "")
