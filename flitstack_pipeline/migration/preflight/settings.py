"""The sub-account's settings that decide what a migration may do: time zone and duplicates.

Facts: docs/highlevel.md#duplicates, #opportunities (one per contact and pipeline when off).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from flitstack_pipeline.migration.preflight.lines import Line, failed, few, passed, warned

OPPORTUNITY_SWITCH = "Settings → Objects → Opportunities"
SWITCH = "Settings → Business Profile → General"


def time_zone_line(zone: str, source_zone: str, today: dt.date) -> Line:
    """Whether both sides mean the same moment by the same clock time."""
    check = "time zone"
    if not zone:
        return warned(
            check, "the sub-account has none",
            f"Set it to {source_zone} ({SWITCH}): appointments and messages use it.",
        )  # fmt: skip
    if zone == source_zone or _offsets(zone, today) == _offsets(source_zone, today) is not None:
        return passed(check, f"{zone}, exports are read as {source_zone}")
    return warned(
        check, f"the sub-account is in {zone}, exports are read as {source_zone}",
        f"If the exports were made in {zone}, set FLITSTACK_TIME_ZONE={zone}; otherwise set the "
        f"sub-account to {source_zone} ({SWITCH}). Times are stored as written in the export; "
        "HighLevel would show its own stamps hours apart.",
    )  # fmt: skip


def _offsets(zone: str, today: dt.date) -> list[dt.timedelta | None] | None:
    """Offsets from UTC in January and July; None for a zone nobody knows."""
    try:
        known = ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError):
        return None
    return [dt.datetime(today.year, month, 1, 12, tzinfo=known).utcoffset() for month in (1, 7)]


def opportunities_line(settings: Mapping[str, Any]) -> Line:
    """A client has many jobs: without this setting all but one are refused."""
    check = "duplicate opportunities"
    if settings.get("allowDuplicateOpportunity"):
        return passed(check, "allowed: a client may have many jobs")
    return failed(
        check, "not allowed: only one opportunity per contact and pipeline",
        f"Switch on “Allow Duplicate Opportunity” ({OPPORTUNITY_SWITCH}); with it off, every "
        "further job of a client is refused.",
    )  # fmt: skip


def crowded_line(crowded: Mapping[str, int]) -> Line:
    """A contact holds 1,000 opportunities (live: L19); a load would end in the middle of them."""
    check = "opportunities of a contact"
    if not crowded:
        return passed(check, "no contact has more than HighLevel's 1,000")
    return failed(
        check, f"more than HighLevel's 1,000: {few(f'{n} ({c:,})' for n, c in crowded.items())}",
        "Give the jobs to several clients in the export (by property, say), or leave old ones out, "
        "and map again.",
    )  # fmt: skip


def owners_line(differing: int, settings: Mapping[str, Any]) -> Line:
    """HighLevel keeps the owner of a contact and of its opportunities alike by default (L8).

    The API shows the setting under no documented name, so it counts as on unless it says off.
    """
    check = "owner synchronisation"
    told = next((v for k, v in settings.items() if "owner" in k.lower() and "sync" in k.lower()), 1)
    if not told or not differing:
        return passed(check, "no contact has jobs of another owner" if told else "switched off")
    return warned(
        check,
        f"HighLevel keeps the owner of a contact and of its opportunities the same, unless that is "
        f"switched off; {differing:,} contacts have jobs of another owner",
        "Switch it off in the settings of opportunities to keep each record's own owner. Left on, "
        "the last owner written wins, and reconciliation accepts it as shared.",
    )


def contacts_line(settings: Mapping[str, Any], shared: int) -> Line:
    """What becomes of clients who share an e-mail or a phone. `shared`: how many do."""
    check = "duplicate contacts"
    if settings.get("allowDuplicateContact"):
        return passed(check, "allowed: clients who share an e-mail or phone both keep it")
    if not shared:
        return passed(check, "not allowed, and no two clients share an e-mail or phone")
    by = ", then ".join(map(str, settings.get("contactUniqueIdentifiers") or ["email", "phone"]))
    return warned(
        check,
        f"not allowed (by {by}); {shared} contacts share an e-mail or phone with another",
        "HighLevel keeps such a value on the first contact only; on the others it is left off, "
        "kept in Original_Values__c and listed. To keep it on all, switch on “Allow Duplicate "
        f"Contact” ({SWITCH}).",
    )  # fmt: skip
