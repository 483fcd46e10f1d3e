"""Files: the media library, contact fields, and uploads for opportunity fields (reference 9).

Files are streamed from disk. `altId`/`altType` name the sub-account in the media library,
`locationId` stands in the query of the contact upload and in the path of the field upload.
"""

from __future__ import annotations

import mimetypes
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flitstack_pipeline.highlevel.family import Family, Record
from flitstack_pipeline.highlevel.multipart import FilePart

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
        """Put a file into the media library: `{fileId, url}`; 25 MB, videos 500 MB."""
        fields = {"hosted": "false", "name": name or path.name}
        if parent_id:
            fields["parentId"] = parent_id
        return self._call(
            "POST", "/medias/upload-file", data=fields, files=[FilePart("file", path, name)]
        )

    def host_media(self, url: str, name: str) -> Record:
        """Let HighLevel fetch a file into the media library; it cannot read signed addresses."""
        fields = {"hosted": "true", "fileUrl": url, "name": name}
        return self._call("POST", "/medias/upload-file", data=fields)

    def list_media(self, kind: str = "file") -> list[Record]:
        """Read the media library; `kind` is file or folder."""
        params = {
            "altType": "location",
            "altId": self.location_id,
            "type": kind,
            "sortBy": "createdAt",
            "sortOrder": "asc",
        }
        return self._listed("/medias/files", "files", params, 100, "offset")

    def delete_media(self, file_ids: Sequence[str]) -> None:
        """Put files of the media library into its bin."""
        body = {
            "filesToBeDeleted": [{"_id": file_id} for file_id in file_ids],
            "altType": "location",
            "altId": self.location_id,
            "status": "trashed",
        }
        self._call("PUT", "/medias/delete-files", json=body)

    def upload_to_contact(
        self, contact_id: str, field_id: str, files: Sequence[FieldFile]
    ) -> Record:
        """Put several files into a contact's FILE_UPLOAD field at once; returns the contact."""
        return self._record(
            "POST",
            "/forms/upload-custom-files",
            "contact",
            params={"contactId": contact_id, "locationId": self.location_id},
            files=[file.part(f"{field_id}_{file.file_id}") for file in files],
        )

    def upload_for_field(self, field_id: str, files: Sequence[FieldFile]) -> list[Uploaded]:
        """Upload files that an opportunity's FILE_UPLOAD value will name; in the order given.

        Write the value in the opportunity's create: later it cannot be changed.
        """
        answer = self._call(
            "POST",
            "/locations/{locationId}/customFields/upload",
            path={"locationId": self.location_id},
            data={"id": field_id, "maxFiles": str(len(files))},
            files=[file.part(f"{field_id}_{file.file_id}") for file in files],
        )
        urls: dict[str, str] = answer.get("uploadedFiles") or {}
        metas = [meta for meta in answer.get("meta") or [] if isinstance(meta, dict)]
        return [_uploaded(name, url, metas) for name, url in urls.items()]


def _uploaded(name: str, url: str, metas: Sequence[dict[str, Any]]) -> Uploaded:
    described = next(
        (meta for meta in metas if url in (meta.get("url"), meta.get("fileUrl"))
         or name in (meta.get("originalname"), meta.get("name"))),
        {},
    )  # fmt: skip
    guess = mimetypes.guess_type(name)[0] or "application/octet-stream"
    return Uploaded(name, url, {"originalname": name, "mimetype": guess, **described})
