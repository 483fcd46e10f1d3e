"""Attachments: files on the contact or the opportunity of the record they name."""

from __future__ import annotations

from flitstack_pipeline.catalog.columns import (
    RECORD,
    WORKSPACE,
    columns,
)
from flitstack_pipeline.catalog.model import BOOL, INT, TEXT, Dataset, Field, ObjectType

ATTACHMENTS = ObjectType(
    "attachments",
    "Attachments",
    "Files on the contact or opportunity",
    ("clients", "jobs", "estimates", "invoices"),
    (
        Dataset(
            "attachments",
            "Attachments",
            (
                *RECORD,
                *columns(
                    """
                    file_name: File Name|filename|file|name
                    location: Path or URL|path|url|link|file path|download url
                    caption: Caption|description|title; one_line; ; caption
                    date: Date|uploaded at|upload date|created date; day as uploaded; ; uploaded on
                    uploaded_by: Uploaded By|author|uploader; one_line; ; display name
                    sha256: SHA-256|sha256|checksum|hash
                    """
                ),
                WORKSPACE,
            ),
            ("record_type", "record_number", "file_name"),
            ("record_type", "record_number", "file_name"),
            ("attachments", "files", "attachment_manifest"),
            ("attachment", "file", "document"),
            ("record_type", "record_number", "file_name|location"),
            derived_id=("record_type", "record_number", "file_name", "location"),
            further=(
                Field("record_type", TEXT, "object type key the file hangs on", required=True),
                Field("record_ref", TEXT, "record number or id as read", required=True),
                Field("file_name", TEXT, "safe file name", required=True),
                Field("path", TEXT, "path inside the exports folder"),
                Field("url", TEXT, "http(s) address"),
                Field("sha256", TEXT, "SHA-256 of the bytes, hex", matches=r"^[0-9a-f]{64}$"),
                Field("size_bytes", INT, "size in bytes"),
                Field("content_type", TEXT, "media type by content and name"),
                Field("problem", TEXT, "why it cannot be moved (missing, empty, too large, …)"),
                Field("inline", BOOL, "an inline image taken out of a note"),
            ),
        ),
    ),
)
