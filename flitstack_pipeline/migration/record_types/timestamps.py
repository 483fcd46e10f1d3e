"""Points in time as payloads hold them: UTC, ISO 8601 to the second, ending in Z."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any


def utc(value: Any) -> str:
    """An ISO 8601 text or a number of milliseconds in the payloads' form; other text as it is."""
    if isinstance(value, int | float):
        moment = datetime.fromtimestamp(value / 1000, UTC)
    else:
        try:
            moment = datetime.fromisoformat(str(value or "").replace("Z", "+00:00"))
        except ValueError:
            return str(value or "")
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
