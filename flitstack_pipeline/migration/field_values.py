"""A payload taken apart: its values by (part, name), so that two of them can be compared.

What belongs here: taking apart, joining, and when two values are the same. What does not: deciding
what to write (update.py) or to restore (rollback/records.py).
"""

from __future__ import annotations

from typing import Any

from flitstack_pipeline.migration.compare import Verdict, compare_value

Part = tuple[str, str]
PARTS = ("fields", "custom", "dnd")


def parts_of(payload: dict[str, Any] | None) -> dict[Part, Any]:
    """A payload's values by (part, name); the part of top-level values is empty."""
    found: dict[Part, Any] = {}
    for name, value in (payload or {}).items():
        if name in PARTS and isinstance(value, dict):
            found |= {(name, inner): v for inner, v in value.items() if v not in (None, "", [])}
        elif name not in PARTS and value not in (None, "", []):
            found[("", name)] = value
    return found


def joined(parts: dict[Part, Any]) -> dict[str, Any]:
    """The payload form of values by (part, name)."""
    payload: dict[str, Any] = {}
    for (part, name), value in parts.items():
        if part:
            payload.setdefault(part, {})[name] = value
        else:
            payload[name] = value
    return payload


def same(expected: Any, found: Any) -> bool:
    """Whether two values are the same, HighLevel's own rewriting allowed for."""
    if expected in (None, "", []) or found in (None, "", []):
        return expected in (None, "", []) and found in (None, "", [])
    return compare_value(expected, found)[0] in (Verdict.SAME, Verdict.BY_RULE)
