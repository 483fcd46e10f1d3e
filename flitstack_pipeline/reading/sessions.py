"""Which export files belong to one session, and which file of a kind is the later one.

Files of one session were exported together, so that two rows of one key in them contradict each
other; between sessions they are versions. Staged files carry their session. Files laid by hand are
of one session when their names carry the same date or sequence, else when their times lie within a
day. A person can say otherwise. Belongs here: dates and sequences in names, grouping. Does not:
what a file holds (`recognise`), what becomes of two rows of one key (`cleaning.identity`).
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import PurePath

from flitstack_pipeline.cleaning.values.dates import DAY_FIRST, MONTH_FIRST
from flitstack_pipeline.reading.manifest import Entry

#: The key of what a person said of a file's session, before its name.
SESSION = "session:"
#: A date in a name: its label, and the moment where it is sure.
Dated = tuple[str, dt.datetime | None]
#: A number of two digits up to this is no year of an export.
LAST_NO_YEAR = 14
#: Files whose times lie within so much belong together.
TOGETHER = dt.timedelta(hours=24)
_MONTHS = {
    name: number
    for number, names in enumerate(
        [
            "jan january",
            "feb february",
            "mar march",
            "apr april",
            "may",
            "jun june",
            "jul july",
            "aug august",
            "sep sept september",
            "oct october",
            "nov november",
            "dec december",
        ],
        start=1,
    )
    for name in names.split()
}
_MONTH = "|".join(sorted(_MONTHS, key=len, reverse=True))
_ISO = re.compile(
    r"(?<!\d)(20\d\d)[-_. ]?([01]\d)[-_. ]?([0-3]\d)"
    r"(?:[t_\- ]?([0-2]\d)[-_.:h]?([0-5]\d)(?:[-_.:]?\d\d)?)?(?!\d)"
)
_NUMERIC = re.compile(r"(?<!\d)(\d{1,2})[-_. ](\d{1,2})[-_. ](20\d\d|[1-3]\d)(?!\d)")
#: A year of two digits that comes first: 24-05-01, 240501.
_SHORT_YEAR = re.compile(
    r"(?<!\d)((?:1[5-9]|[23]\d))([-_. ]?)(0?[1-9]|1[0-2])\2([0-2]?\d|3[01])(?!\d)"
)
_NAMED = re.compile(
    rf"(?:(?<!\d)(\d{{1,2}})[-_. ]?)?(?<![a-z])({_MONTH})(?![a-z])[-_. ]?"
    r"(?:(\d{1,2})[-_., ]+)?(20\d\d)"
)
_YEAR_MONTH = re.compile(r"(?<!\d)(20\d\d)[-_.]([01]\d)(?!\d)")
_PARTS = re.compile(r"(?:part|page|pt)[-_ .]?\d+|\d+ ?of ?\d+", re.I)
_SEQUENCE = re.compile(
    r"(?:[-_. ]|(?<=[a-z])|\b(?:session|export|batch|version|run)[-_. ]?)"
    r"\(?(?<!\d)(\d{1,2}|(?:19|20)\d\d)\)?$"
    r"|^(?:session|export|batch|run)[-_. ]?(\d{1,2})(?!\d)",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Mark:
    """The date and the sequence in a name: `label` names them, `day` is the date where it is sure.

    `stem` is the name without them.
    """

    stem: str
    label: str = ""
    day: dt.datetime | None = None
    sequence: int = 0
    #: How a date in numbers is written where that is sure.
    style: str = ""


def sessions_of(
    entries: Iterable[Entry],
    said: Mapping[str, str] | None = None,
    timed: Container[str] = frozenset(),
) -> list[Entry]:
    """The entries in order, each with its session and the time that orders its versions.

    Args:
        entries: Files of one folder as far as the manifest and the file itself tell; `session` is
            "" for a file laid by hand, `exported_at` its own time.
        said: What a person said, by file name: the session it belongs to.
        timed: Files whose export time the manifest tells; it holds whatever their names say.
    """
    given = [_said(entry, said or {}) for entry in entries]
    by_hand = [e for e in given if not e.session]
    marks = _marks([e.file for e in by_hand])
    told = [e for e in by_hand if e.file in timed]
    by_hand = [*told, *_in_sequence([e for e in by_hand if e.file not in timed], marks)]
    named = {e.file: replace(e, session=marks[e.file].label) for e in by_hand}
    loose = sorted((e for e in named.values() if not e.session), key=lambda e: e.exported_at)
    named |= {e.file: e for e in _by_time(loose)}
    return [named.get(e.file, e) for e in given]


def mark_of(file: str) -> Mark:
    """The date and sequence in the name of a file, else in the folder it lies in."""
    path = PurePath(file)
    own = _mark(path.stem)
    folder = _mark(path.parent.name)
    stem = f"{folder.stem}/{own.stem}" if folder.stem and not folder.label else own.stem
    said = own if own.label else folder
    return Mark(stem, said.label, said.day, said.sequence, said.style)


def _marks(files: Iterable[str]) -> dict[str, Mark]:
    """The marks of files of one folder.

    A date that may be two days is read as a sure one beside it. Where there is none, it orders the
    files of one name when both readings put them into one order.
    """
    found = {file: mark_of(file) for file in files}
    styles = {style for mark in found.values() if (style := mark.style)}
    if len(styles) == 1:
        at = 1 if DAY_FIRST in styles else 0
        for file, mark in found.items():
            if mark.day is None and (days := _either(mark.label)):
                found[file] = replace(mark, label=days[at].date().isoformat(), day=days[at])
    by_stem: dict[str, dict[str, tuple[dt.datetime, dt.datetime]]] = {}
    for file, mark in found.items():
        dated = (mark.day, mark.day) if mark.day else _either(mark.label)
        if dated:
            by_stem.setdefault(mark.stem, {})[file] = dated
    for several in by_stem.values():
        one, other = (sorted(several, key=lambda f: several[f][at]) for at in (0, 1))
        for file in one if one == other and len(one) > 1 else ():
            found[file] = replace(found[file], day=several[file][0])
    return found


def _either(label: str) -> tuple[dt.datetime, dt.datetime] | None:
    """Both days that a label may be, month first and day first; None for another label."""
    parts = _NUMERIC.fullmatch(label)
    if not parts:
        return None
    first, second, year = (int(g) for g in parts.groups())
    year += 2000 if year < 100 else 0
    days = [_date(year, *pair) for pair in ((first, second), (second, first))]
    month_first, day_first = (found[1] if found else None for found in days)
    return (month_first, day_first) if month_first and day_first else None


def _mark(name: str) -> Mark:
    text = name.casefold()
    for pattern, read in _DATES:
        found = list(pattern.finditer(text))
        if found and (date := read(found[-1])):
            rest = pattern.sub(" ", text)
            number = _sequence(rest)
            label, day = date
            stem = _SEQUENCE.sub("", rest.strip()) if number else rest
            style = _style(found[-1]) if pattern is _NUMERIC and day else ""
            return Mark(_bare(stem), f"{label} {number}" if number else label, day, number, style)
    number = _sequence(text)
    if not number:
        return Mark(_bare(text))
    return Mark(_bare(_SEQUENCE.sub("", text.strip())), f"sequence {number}", None, number)


def _sequence(text: str) -> int:
    """The number at the end of a name; parts of one export are no sequence."""
    if _PARTS.search(text):
        return 0
    found = _SEQUENCE.search(text.strip())
    return int(found.group(1) or found.group(2)) if found else 0


def _bare(text: str) -> str:
    return re.sub(r"[^a-z]+", " ", _PARTS.sub(" ", text)).strip()


def _iso(found: re.Match[str]) -> Dated | None:
    year, month, day, hour, minute = (int(g) if g else 0 for g in found.groups())
    return _date(year, month, day, hour if hour < 24 else 0, minute)


def _named(found: re.Match[str]) -> Dated | None:
    before, month, after, year = found.groups()
    return _date(int(year), _MONTHS[month], int(before or after or 1))


def _short_year(found: re.Match[str]) -> Dated | None:
    """24-05-01 is of 2024: nobody exported anything in 2001. 24-05-20 may be two days."""
    year, joint, month, day = found.groups()
    if not joint and len(found.group(0)) != 6:
        return None
    if int(day) > LAST_NO_YEAR:
        return found.group(0), None
    return _date(2000 + int(year), int(month), int(day))


def _numeric(found: re.Match[str]) -> Dated | None:
    """Day and month by which of them cannot be a month; where both can, only a label.

    So it is with a year of two digits, which may come first: 24-05-20.
    """
    first, second, year = (int(g) for g in found.groups())
    if not 0 < first < 32 or not 0 < second < 32:
        return None
    if year < 100:
        return (found.group(0), None) if second < 13 else _date(2000 + year, first, second)
    if first > 12 or second > 12 or first == second:
        return _date(year, min(first, second), max(first, second))
    return found.group(0), None


def _style(found: re.Match[str]) -> str:
    first, second = int(found.group(1)), int(found.group(2))
    return DAY_FIRST if first > 12 else MONTH_FIRST if second > 12 else ""


def _year_month(found: re.Match[str]) -> Dated | None:
    return _date(int(found.group(1)), int(found.group(2)), 1)


def _date(year: int, month: int, day: int, hour: int = 0, minute: int = 0) -> Dated | None:
    try:
        moment = dt.datetime(year, month, day, hour, minute, tzinfo=dt.UTC)
    except ValueError:
        return None
    return moment.date().isoformat(), moment


_DATES: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], Dated | None]], ...] = (
    (_ISO, _iso),
    (_NAMED, _named),
    (_SHORT_YEAR, _short_year),
    (_NUMERIC, _numeric),
    (_YEAR_MONTH, _year_month),
)


def _said(entry: Entry, said: Mapping[str, str]) -> Entry:
    name = said.get(f"{SESSION}{entry.file}", "").strip()
    return replace(entry, session=name) if name else entry


def _in_sequence(entries: list[Entry], marks: Mapping[str, Mark]) -> list[Entry]:
    """The entries with times that follow the dates and sequences of their names."""
    found = []
    by_stem: dict[str, list[tuple[Mark, Entry]]] = {}
    for entry in entries:
        mark = marks[entry.file]
        if mark.day:
            day = mark.day + dt.timedelta(seconds=mark.sequence)
            found.append(replace(entry, exported_at=day.isoformat()))
        else:
            by_stem.setdefault(mark.stem, []).append((mark, entry))
    for several in by_stem.values():
        found += _one_after_another(several)
    return found


def _one_after_another(several: list[tuple[Mark, Entry]]) -> list[Entry]:
    """Files of one name in the order of their sequences: none earlier than the one before it."""
    found: list[Entry] = []
    latest: tuple[int, dt.datetime] | None = None
    for mark, entry in sorted(several, key=lambda item: (item[0].sequence, item[1].exported_at)):
        time = dt.datetime.fromisoformat(entry.exported_at)
        if latest and mark.sequence > latest[0]:
            time = max(time, latest[1] + dt.timedelta(seconds=1))
        latest = (mark.sequence, max(time, latest[1]) if latest else time)
        found.append(replace(entry, exported_at=time.isoformat()))
    return found


def _by_time(entries: list[Entry]) -> list[Entry]:
    """Sessions of files without a date or sequence: a new one begins a day after the last began."""
    found, start, label = [], None, ""
    for entry in entries:
        time = dt.datetime.fromisoformat(entry.exported_at)
        if start is None or time - start > TOGETHER:
            start, label = time, time.astimezone(dt.UTC).strftime("%Y-%m-%d %H:%M")
        found.append(replace(entry, session=label))
    return found
