"""One pass over the raw rows of a dataset: each winning row cleaned, each other one told apart.

Belongs here: which row function cleans which dataset, what is refused, rows merged into another.
Does not: reading and writing tables (`build`), reading a cell (`tools`).
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable
from typing import Any

from flitstack_pipeline.cleaning import documents, files, people, words
from flitstack_pipeline.cleaning.identity import PLACE_COLUMNS, Identities, source_id
from flitstack_pipeline.cleaning.tools import RefusedRow, Tools
from flitstack_pipeline.spec.keys import source_key, split_source_key

ROW_FUNCTIONS: dict[str, Callable[[Any, Tools], dict[str, Any]]] = {
    "users": people.user,
    "clients": people.client,
    "leads": people.lead,
    "properties": people.property_row,
    "jobs": documents.job,
    "visits": documents.visit,
    "estimates": documents.estimate,
    "estimate_items": documents.estimate_item,
    "invoices": documents.invoice,
    "invoice_items": documents.invoice_item,
    "payments": documents.payment,
    "change_orders": documents.change_order,
    "work_orders": documents.work_order,
    "attachments": files.attachment,
    "activities": files.activity,
    "custom_fields": files.custom_field,
    "items": files.line_item_template,
}


class Pass:
    """The state of one pass: what was refused, noted, and which properties merged rows gave."""

    def __init__(self, dataset: str, tools: Tools, identities: Identities) -> None:
        self.dataset, self.tools, self.identities = dataset, tools, identities
        self.refused: list[list[Any]] = []
        self.notes: list[list[Any]] = []
        self.properties: dict[str, dict[str, Any]] = {}
        self._waiting: dict[str, list[dict[str, Any]]] = defaultdict(list)

    def clean(self, row: dict[str, Any]) -> dict[str, Any] | None:
        """The clean row of a winning raw row; None for a superseded, merged or refused one."""
        raw_id = row["_row_id"]
        key = self.identities.key_of.get(raw_id)
        if key is None:
            self._set_aside(row)
            return None
        row["_line"] = self.identities.line_of.get(raw_id)
        merged = self._waiting.pop(key, [])
        self.tools.start_row()
        try:
            clean = self._row(key, _completed(row, merged))
        except RefusedRow as error:
            self.refused.append(_refusal(row, error))
            self.refused.extend(_refusal(other, error) for other in merged)
            for other in merged:
                del self.identities.merged[other["_row_id"]]
            return None
        for other in merged:
            self._keep_property(key, other, clean)
        return clean

    def _row(self, key: str, row: dict[str, Any]) -> dict[str, Any]:
        clean = ROW_FUNCTIONS[self.dataset](row, self.tools)
        self.notes.extend([key, column, value, note] for column, value, note in self.tools.notes)
        workspace, _, shown = split_source_key(key)
        return {
            "source_key": key,
            "workspace": workspace,
            "source_id": shown,
            "raw_id": row["_row_id"],
            "custom": self.tools.custom(row),
            "originals": dict(self.tools.originals),
            **clean,
        }

    def _set_aside(self, row: dict[str, Any]) -> None:
        """A merged row waits for its client; a version replaced inside its file is noted."""
        raw_id = row["_row_id"]
        if raw_id in self.identities.merged:
            self._waiting[self.identities.merged[raw_id]].append(row)
        elif raw_id in self.identities.repeated:
            key = self.identities.superseded[raw_id]
            note = "a later row of the same file has the same id; this one was replaced"
            self.notes.append([key, "", f"line {row['_row']}", note])

    def _keep_property(self, key: str, row: dict[str, Any], client: dict[str, Any]) -> None:
        """The place of a client's further row becomes a property of the client."""
        service = words.text(row.get("service_address"))
        place = {c: None for c in PLACE_COLUMNS} | {"address": service} if service else {}
        notes = row.get("notes") if self.tools.note(row, "notes") != client["notes"] else None
        workspace, _, shown = split_source_key(key)
        found = {
            **row,
            **place,
            "client_id": shown,
            "client_name": client["name"],
            "property_name": None,
            "notes": notes,
        }
        self.tools.start_row()
        clean = people.property_row(found, self.tools)
        if clean["address"] is None:
            return
        number = source_id("properties", {**found, "street": found.get("street") or ""})
        property_key = source_key(workspace, "properties", number)
        self.notes.append([key, "address", clean["address"], "a further property of the client"])
        self.properties[property_key] = {
            "source_key": property_key,
            "workspace": workspace,
            "source_id": number,
            "raw_id": row["_row_id"],
            "custom": {},
            "originals": {},
            **clean,
        }


def _completed(row: dict[str, Any], merged: list[dict[str, Any]]) -> dict[str, Any]:
    """The row with its empty cells filled from the rows merged into it, the last first.

    Addresses are left alone: a place is not mixed from two places.
    """
    if not merged:
        return row
    filled = dict(row)
    for other in reversed(merged):
        for column, value in other.items():
            if column not in PLACE_COLUMNS and not column.startswith("_"):
                filled[column] = filled.get(column) or value
    return filled


def _refusal(row: dict[str, Any], error: RefusedRow) -> list[Any]:
    kept = {k: v for k, v in row.items() if not k.startswith("_") and v}
    return [
        row["_row_id"],
        row["_file"],
        row["_sheet"],
        row["_row"],
        error.column,
        error.value,
        error.rule,
        str(error),
        error.what_to_do,
        json.dumps(kept, ensure_ascii=False, default=str),
    ]
