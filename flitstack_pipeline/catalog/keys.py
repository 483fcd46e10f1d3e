"""Source keys and record keys: how one record is named everywhere, from the export to HighLevel.

A source key is `workspace/object/source id`, for example `main/clients/48213`. A record key adds
the kind of HighLevel record it becomes, for example `contact:main/clients/48213`: one source row
may become several records (a business is a contact and a company).
"""

from __future__ import annotations

DEFAULT_WORKSPACE = "main"


def source_key(workspace: str, dataset: str, source_id: str) -> str:
    """The key of one source record; empty workspaces become the default one."""
    return f"{workspace or DEFAULT_WORKSPACE}/{dataset}/{source_id}"


def split_source_key(key: str) -> tuple[str, str, str]:
    """(workspace, dataset, source id) of a source key; the id may itself hold slashes."""
    workspace, dataset, source_id = key.split("/", 2)
    return workspace, dataset, source_id


def record_key(kind: str, key: str) -> str:
    """The key of one HighLevel record to be, unique within one migration."""
    return f"{kind}:{key}"
