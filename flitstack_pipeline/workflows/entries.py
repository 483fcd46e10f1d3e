"""What a trigger or an action of HighLevel is, for the lists beside this module."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Entry:
    """One building block of HighLevel's workflow builder.

    `name` as the builder shows it; `phrases` are what contractors call it, in plain words;
    `setup` says what to choose in it, `note` what to look out for after this migration.
    """

    name: str
    group: str
    phrases: tuple[str, ...]
    setup: str = ""
    note: str = ""


@dataclass(frozen=True)
class NoEquivalent:
    """Something HighLevel has no building block for, why, and what people do instead."""

    phrases: tuple[str, ...]
    why: str
    instead: str = ""
