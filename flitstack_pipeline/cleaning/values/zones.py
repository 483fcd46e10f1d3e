"""Whose time zone the moments of a column are in that name none, by what stands around them.

An account's exports write local times (docs/contractor_plus.md#quirk-27), so a column of local
times alone is the account's, and so is one whose file also has moments of the account's own
offset. Where every moment with a zone is of another (`Z`, `-08:00`), either may be meant: a person
is asked, once a column. A header that names a zone decides.

Belongs here: the decision from counted evidence, and what a person may answer. Does not: counting
(`evidence`), reading a value (`dates`, `clocks`).
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from zoneinfo import ZoneInfo

from flitstack_pipeline.catalog.headers import is_of_times
from flitstack_pipeline.cleaning.values.clocks import with_zone, zone_named
from flitstack_pipeline.cleaning.values.dates import UNDECIDED
from flitstack_pipeline.cleaning.values.formats import answered
from flitstack_pipeline.errors import BadInput

#: A zone in brackets behind a header, or at its end: `Created (UTC)`, `Start [Eastern Time]`,
#: `created_at_utc`.
_BRACKETED = re.compile(r"[(\[]\s*([^()\[\]]+?)\s*[)\]]\s*$")
_ENDING = re.compile(r"(?:^|[\s_])(UTC|GMT)$|(?<=[a-z])(UTC)$", re.I)
#: In a header these mean the place, in summer as well.
_PLACES = {"EST": "ET", "EDT": "ET", "CST": "CT", "CDT": "CT", "MST": "MT", "MDT": "MT",
           "PST": "PT", "PDT": "PT"}  # fmt: skip
#: What may stand beside the zone in the brackets: `(times in UTC)`, `(local, EST)`.
_BESIDE = re.compile(
    r"^local,\s*|^(?:all )?(?:times? )?(?:are )?(?:in |zone:? ?)|\s+time\s?zone$", re.I
)
#: What a line above the header says before the zone of all times.
_TITLE = re.compile(
    r"(?:\btime\s?zone\b\s*(?:is\s+|[:=]\s*)?|\btimes?(?: and dates?)?\s+(?:(?:are|is|shown|given|"
    r"displayed|listed|reported)\s+)*(?:in|as)\s+(?:the\s+)?)(\S.*?)(?:\s+time\s?zone)?$",
    re.I,
)
#: How many zones a column may hold before its question only offers the account's.
MOST_OFFERED = 3

#: What a person answers where a column of the file names the zone of each row.
ROWS = "each row's own"
#: How that is told to the parsers: the label of the column behind it.
ROW = "row:"
_ZONE_COLUMN = re.compile(r"(?:time[\s_-]?zone|tz|tzid|olson)(?:[\s_]?(?:name|id))?", re.I)

#: What stands behind the clocks of a column (`Z`, ` PM EST`, nothing) → cells.
Tails = Mapping[str, int]


@dataclass(frozen=True)
class LocalZone:
    """The zone of a column's local times ("" is the account's), and the evidence in words.

    `offered` are the zones a person may choose of where it is undecided.
    """

    zone: str = ""
    evidence: str = ""
    offered: tuple[str, ...] = ()
    #: The column of the file that names the zone of each row, where it makes the doubt.
    label: str = ""

    @property
    def undecided(self) -> bool:
        """Whether a person must say which it is."""
        return self.zone == UNDECIDED


@dataclass(frozen=True)
class RowZones:
    """A column of a file that names the zone of each row: its label, zone → rows."""

    label: str
    counts: Mapping[str, int]


def is_zone_column(label: str) -> bool:
    """Whether a column names time zones, by its header."""
    return _ZONE_COLUMN.fullmatch(label.strip()) is not None


def decide_zone(
    tails: Tails,
    header: str,
    account: str,
    answer: str | None = None,
    rows: RowZones | None = None,
    near: Iterable[str] = (),
    title: str = "",
) -> LocalZone:
    """Whose time zone the local times of a column are in.

    Args:
        tails: What stands behind the clocks of its cells → cells; midnight does not count.
        header: As the file writes it.
        account: The account's zone.
        answer: A person's, if one was given.
        rows: The file's column of zones, if it has one.
        near: What stands behind the clocks of the file's other columns.
        title: The zone that a line above the header names.
    """
    if answer == ROWS and rows:
        return LocalZone(f"{ROW}{rows.label}", "decided by a person")
    if answer and answer != ROWS:
        return LocalZone("" if answer == account else answer, "decided by a person")
    declared = zone_of_header(header)
    if declared:
        return LocalZone("" if _is_of(declared, account) else declared, f"{header!r} says so")
    if title:
        return LocalZone("" if _is_of(title, account) else title, "a line above the header says so")
    counted: dict[str, int] = {}
    for tail, n in tails.items():
        zone = shown_zone(tail)
        counted[zone] = counted.get(zone, 0) + n
    local = counted.pop("", 0)
    strange = {zone: n for zone, n in counted.items() if not _is_of(zone, account)}
    if not local:
        return LocalZone()
    around = {*counted, *map(shown_zone, near)} - {""}
    if strange and any(_is_of(zone, account) for zone in around):
        return LocalZone()  # whoever writes here has the account's clock
    if not strange:
        return _by_rows(rows, account) if rows else LocalZone()
    most = sorted(strange, key=lambda zone: (-strange[zone], zone))
    told = ", ".join(f"{strange[zone]:,} in {zone}" for zone in most[:MOST_OFFERED])
    return LocalZone(
        UNDECIDED,
        f"{local:,} moments name no time zone, beside {told}",
        (account, *most[:MOST_OFFERED]),
    )


def _by_rows(rows: RowZones, account: str) -> LocalZone:
    """The zone of local times beside a column of zones; only the account's own leave no doubt."""
    strange = {zone: n for zone, n in rows.counts.items() if not _is_of(zone, account)}
    if not strange:
        return LocalZone()
    most = sorted(strange, key=lambda zone: (-strange[zone], zone))[:MOST_OFFERED]
    told = ", ".join(f"{zone} ({strange[zone]:,} of the rows)" for zone in most)
    return LocalZone(UNDECIDED, f"{rows.label} says {told}", (account, ROWS), rows.label)


def zone_of_header(header: str) -> str:
    """The zone that a header names (`Created (UTC)`); "" where it names none."""
    ending = _ENDING.search(header.strip())
    if ending:
        return "UTC"
    bracketed = _BRACKETED.search(header)
    if not bracketed:
        return ""
    word = _BESIDE.sub("", bracketed[1]).strip()
    if word in ("Est", "est"):  # `Start Date (Est)` is estimated
        return ""
    if len(word) <= 2 and not is_of_times(header[: bracketed.start()]):
        return ""  # `Tax (CT)` is Connecticut's
    word = _PLACES.get(word.upper(), word)
    return word if zone_named(word) else ""


def zone_of_title(line: str) -> str:
    """The zone that a line above the header says all times are in; "" where it names none.

    `All times in UTC`, `Time zone: Eastern Time (US & Canada)`; not `Printed at 9:05 AM EST`.
    """
    found = _TITLE.search(" ".join(line.split()))
    word = found[1].strip(" .") if found else ""
    word = _PLACES.get(word.upper(), word)
    return word if word and zone_named(word) else ""


@lru_cache(maxsize=10_000)
def shown_zone(tail: str) -> str:
    """The zone behind a clock as a person would name it: `UTC`, `UTC-08:00`; "" for none."""
    bare = re.sub(r"\s+(?:19|20)\d\d$", "", tail)  # Unix writes the year last
    zone = with_zone(f"1:00{bare}")[1]
    if zone is None:
        return ""
    if isinstance(zone, ZoneInfo):
        return zone.key
    offset = zone.utcoffset(None) or dt.timedelta(0)
    if not offset:
        return "UTC"
    minutes = int(abs(offset).total_seconds()) // 60
    return f"UTC{'-' if offset < dt.timedelta(0) else '+'}{minutes // 60:02}:{minutes % 60:02}"


def _is_of(zone: str, account: str) -> bool:
    """Whether moments of a zone are the account's own: by its name, or its offset all year.

    A word that names no zone has no offset, and so says nothing against it.
    """
    own = _offsets(account)
    if zone == "UTC":  # what programs write for any place
        return own == {dt.timedelta(0)}
    return zone == account or _offsets(zone) <= own


@lru_cache(maxsize=1_000)
def _offsets(zone: str) -> frozenset[dt.timedelta]:
    """The offsets of a zone in winter and in summer."""
    found = zone_named(zone)
    days = (dt.datetime(2024, 1, 15), dt.datetime(2024, 7, 15))
    return (
        frozenset(found.utcoffset(day) or dt.timedelta(0) for day in days) if found else frozenset()
    )


def zone_answer(answers: Mapping[str, str], dataset: str, column: str) -> str | None:
    """The zone a person named for a column, its dataset or all. Raises BadInput for no zone."""
    word = answered(answers, dataset, column)
    return checked_zone(word, f"{dataset}.{column}") if word else None


def checked_zone(word: str, where: str) -> str:
    """A zone as a person wrote it. Raises BadInput for a text that names none."""
    if word != ROWS and zone_named(word) is None:
        raise BadInput(
            f"{word!r} is no time zone for {where}; write one like America/New_York, UTC or "
            "UTC-05:00"
        )
    return word
