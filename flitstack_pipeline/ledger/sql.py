"""Pieces of SQL that every room of the ledger uses."""

from __future__ import annotations


def literal(value: str) -> str:
    """A text as a SQL literal."""
    return "'" + value.replace("'", "''") + "'"
