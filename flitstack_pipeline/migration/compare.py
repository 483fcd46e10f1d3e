"""Decides whether a value found in HighLevel is the value we meant to write.

Used by the sample's diff, by reconciliation, by delta and by rollback, so that all four agree on
what "the same" means. Pure: values in, verdicts with their rule out.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any


class Verdict(StrEnum):
    """What became of one field."""

    SAME = "same"
    BY_RULE = "changed by rule"
    DIFFERENT = "different"
    MISSING = "missing"


@dataclass(frozen=True)
class FieldDiff:
    """One field of one record: what we meant, what HighLevel holds, and the verdict."""

    record_key: str
    field: str
    expected: Any
    found: Any
    verdict: Verdict
    rule: str = ""


def compare_value(expected: Any, found: Any) -> tuple[Verdict, str]:
    """The verdict on one value and the rule behind it (empty unless changed by rule)."""
    if expected == found:
        return Verdict.SAME, ""
    if _is_empty(found):
        return (Verdict.SAME, "") if _is_empty(expected) else (Verdict.MISSING, "")
    for rule, same in _RULES:
        if same(expected, found):
            return Verdict.BY_RULE if rule else Verdict.SAME, rule
    return Verdict.DIFFERENT, ""


def compare_record(
    record_key: str, expected: dict[str, Any], found: dict[str, Any] | None
) -> list[FieldDiff]:
    """One FieldDiff per expected field, in order; every field is missing when nothing was found."""
    diffs = []
    for name, value in expected.items():
        actual = None if found is None else found.get(name)
        verdict, rule = compare_value(value, actual)
        diffs.append(FieldDiff(record_key, name, value, actual, verdict, rule))
    return diffs


def flatten(payload: dict[str, Any]) -> dict[str, Any]:
    """A payload's comparable values by field name: `fields`, `custom`, `dnd` side by side."""
    flat = {k: v for k, v in payload.get("fields", {}).items() if not _is_empty(v)}
    flat |= {k: v for k, v in payload.get("custom", {}).items() if not _is_empty(v)}
    flat |= payload.get("dnd", {})
    for name in ("body", "owner"):
        if payload.get(name):
            flat[name] = payload[name]
    return flat


def _is_empty(value: Any) -> bool:
    return value is None or value == "" or value == [] or value == {}


def _number(value: Any) -> Decimal | None:
    if isinstance(value, bool | list | dict):
        return None
    try:
        return Decimal(str(value))
    except InvalidOperation:
        return None


def _same_number(a: Any, b: Any) -> bool:
    x, y = _number(a), _number(b)
    return x is not None and y is not None and x == y


def _same_list(a: Any, b: Any) -> bool:
    return (
        isinstance(a, list) and isinstance(b, list) and sorted(map(str, a)) == sorted(map(str, b))
    )


def _same_folded_list(a: Any, b: Any) -> bool:
    if not (isinstance(a, list) and isinstance(b, list)):
        return False
    return sorted({str(x).strip().casefold() for x in a}) == sorted(
        {str(x).strip().casefold() for x in b}
    )


def _same_text(a: Any, b: Any) -> bool:
    return isinstance(a, str) and isinstance(b, str) and " ".join(a.split()) == " ".join(b.split())


def _same_phone(a: Any, b: Any) -> bool:
    if not (isinstance(a, str) and isinstance(b, str) and re.fullmatch(r"[\d\s()+.\-]{7,}", a)):
        return False
    return re.sub(r"\D", "", a)[-10:] == re.sub(r"\D", "", b)[-10:]


def _same_email(a: Any, b: Any) -> bool:
    return isinstance(a, str) and "@" in a and isinstance(b, str) and a.lower() == b.lower()


_RULES = (
    ("", _same_number),
    ("", _same_list),
    ("white space trimmed", _same_text),
    ("e-mail in lower case", _same_email),
    ("tags in lower case", _same_folded_list),
    ("phone in E.164", _same_phone),
)
