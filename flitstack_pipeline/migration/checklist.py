"""What a person must do in HighLevel by hand, because the API or the token cannot.

What belongs here: one step with exact names, type, options and clicks. What does not: finding out
that it is needed (schema_state.py, provisioning/), rendering it (reports/checklist.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flitstack_pipeline.catalog.targets import TargetField, TargetObject

NAMES = {"contact": "Contact", "opportunity": "Opportunity", "business": "Company"}


@dataclass(frozen=True)
class Todo:
    """One step by hand. `required` ones hold the migration up, the others make it safer."""

    make: str
    name: str
    on: str = ""
    key: str = ""
    data_type: str = ""
    options: tuple[str, ...] = ()
    clicks: str = ""
    why: str = ""
    required: bool = True

    def __str__(self) -> str:
        on = f" on {object_name(self.on)}" if self.on else ""
        kind = f" ({self.data_type})" if self.data_type else ""
        options = f" with the options {', '.join(self.options)}" if self.options else ""
        why = f" [{self.why}]" if self.why else ""
        return f"{self.clicks or self.make}: {self.name}{kind}{on}{options}{why}"

    def as_row(self) -> dict[str, Any]:
        """For tables: every name exactly as HighLevel must show it."""
        return {
            "make": self.make, "name": self.name, "on": object_name(self.on), "key": self.key,
            "type": self.data_type, "options": "\n".join(self.options), "where": self.clicks,
            "why": self.why, "needed": "required" if self.required else "recommended",
        }  # fmt: skip


def object_name(key: str) -> str:
    """How people know an object: `custom_objects.work_order` → `Work Order`."""
    return NAMES.get(key) or key.rsplit(".", 1)[-1].replace("_", " ").title()


def object_todo(target: TargetObject, why: str) -> Todo:
    """A custom object to be made by hand, or with an agency token."""
    return Todo(
        "custom object", f"{target.singular} / {target.plural}", key=target.key,
        data_type=f"primary field {target.primary} (text)",
        clicks="Settings → Objects → Add custom object", why=why,
    )  # fmt: skip


def field_todo(target: str, field: TargetField, why: str) -> Todo:
    """A custom field to be made by hand."""
    return Todo(
        "custom field", field.label, target, data_type=field.data_type,
        options=tuple(field.options), clicks="Settings → Custom Fields → Add field", why=why,
    )  # fmt: skip


def unique_todo(target: str, label: str) -> Todo:
    """The unique flag, which no API can set (docs/highlevel.md#objects): it prevents doubles."""
    return Todo(
        "unique field", label, target,
        clicks=f"Settings → Objects → {object_name(target)} → Fields → {label} → tick “Unique”",
        why="HighLevel itself then refuses a second copy of a record; no API can tick it",
        required=False,
    )  # fmt: skip


def required(todos: Sequence[Todo]) -> list[Todo]:
    """The steps without which the migration cannot go on."""
    return [todo for todo in todos if todo.required]
