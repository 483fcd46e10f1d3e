"""Opt-outs: columns and tags of clients and leads that say do not call, text or e-mail.

Belongs here: recognising them with evidence, their part of the map, and which record has which.
Does not: writing them to HighLevel (migration/record_types/opt_outs.py).

In the map each is a list of words under `values`, named `opt-outs:clients.custom:Do Not Text` or
`opt-outs:clients.tags`: word → channels, such as `sms`, `call, email`, `all`, or `none` (it says
nothing of the kind, or consents). A word nobody can read leads nowhere and waits for a person.
What is confirmed becomes do-not-disturb of the contact, of merged rows each one's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import duckdb

from flitstack_pipeline.catalog.targets import OPT_OUTS
from flitstack_pipeline.cleaning.values.contact_points import is_email, is_phone
from flitstack_pipeline.cleaning.values.dates import is_day
from flitstack_pipeline.mapping.document import EXCLUDED, MapDocument, ValueMap
from flitstack_pipeline.mapping.sources import relation

PREFIX = "opt-outs:"
DATASETS = ("clients", "leads")
ALL, NONE = "all", "none"
A_DATE, A_NUMBER, AN_EMAIL = "(a date)", "(a phone number)", "(an e-mail address)"
OTHER = "(any other text)"
MOST_WORDS = 20
LONGEST_TAG = 40

_CHANNELS = {
    "call": r"calls?|called|calling|(?:tele)?phoned?(?!\w| ?#| numbers?\b| nos?\b)|voice",
    "sms": r"texts?|texted|texting|sms|messag\w+",
    "email": r"emails?|emailed|emailing|newsletters?",
    "whatsapp": r"whatsapp",
}
_ANY = r"contact\w*|disturb|communicat\w*|solicit\w*|market\w*|reach"
_TOPIC = "|".join([*_CHANNELS.values(), _ANY])
_NOT = (
    rf"\b(?:do not|not to be|never|stop|quit|must not|should not|no more)\s+(?:\w+\s+)?"
    rf"(?=(?:{_TOPIC})\b)"
)
_OUT = re.compile(
    rf"(?P<not>{_NOT})|(?P<no>^no\s+(?=(?:{_TOPIC})\b))|(?P<dnc>\bdnc\b|\bdo not call\b)|"
    r"(?P<dnd>\bdnd\b)|(?P<out>\b(?:opt|opts|opted|opting) ?outs?\b|\boptouts?\b)|"
    r"(?P<unsub>\bunsub(?:scribed?|bed)?\b(?: from\b)?|"
    r"\bremoved? from (?:\w+ )?(?:mailing|email) list)"
)
_IN = re.compile(
    r"\b(?:opt|opted) ?in\b|\boptin\b|\bconsent\w*\b|\bsubscribed\b|\bpermission\b|"
    rf"\bok(?:ay)? to (?:{_TOPIC})\b|\b(?:accepts?|allows?|allowed|receives?|wants?|can) "
    rf"(?:we )?(?:{_TOPIC})\b|\b(?:{_TOPIC}) (?:allowed|ok|okay|enabled|notifications?)\b"
)
_PART = re.compile(r"[,;:.()\[\]|]|\s[-–—]\s|\bbut\b|\bonly\b|\bok\b|\bexcept\b")
#: Ways of reaching somebody that HighLevel does not have: an opt-out of them alone says nothing.
_ELSEWHERE = re.compile(r"\b(?:fax(?:es)?|postal|letters?|direct mail)\b")
_LIMITED = re.compile(r"\b(?:before|after|until|till|between|during|at|on|from|unless|if|\d+)\b")
_YES = frozenset({"yes", "y", "true", "t", "1", "x", "✓", "on", "checked", "out", "active"})
_NO = frozenset({"no", "n", "false", "f", "0", "off", "unchecked", "-", "n/a", "none", "never"})


@dataclass(frozen=True)
class Said:
    """What a header or a tag says: channels (`call`, `sms`, …; `all`), and why.

    `consents` is a column that asks for permission: its "no" is the opt-out. `sure` is False where
    more is said than can be read, such as a time of day.
    """

    channels: tuple[str, ...]
    why: str
    consents: bool = False
    sure: bool = True


def what_it_says(text: str) -> Said | None:
    """What a header, a tag or a word says about being reached; None when nothing."""
    plain = _plain(text)
    found = _OUT.search(plain)
    if found and (_named(plain) or not _ELSEWHERE.search(plain)):
        return _negative(plain, found)
    asked = _IN.search(plain)
    if asked:
        channels = _named(plain) or ("email", "sms")
        return Said(channels, f"“{text.strip()}” asks for consent", consents=True)
    return None


def _negative(plain: str, found: re.Match[str]) -> Said:
    phrase = found.group(0).strip()
    rest = _PART.split(plain[found.end() :])[0]
    if found.group("dnd") and not _named(plain):
        channels: tuple[str, ...] = (ALL,)
    elif found.group("dnc"):
        channels = tuple(dict.fromkeys(("call", *_named(rest))))
    else:
        before = "" if found.group("not") or found.group("no") else plain[: found.start()]
        channels = _named(rest) or _named(_PART.split(before)[-1])
        channels = channels or _named(plain if found.group("out") else "")
        channels = channels or (("email",) if found.group("unsub") else (ALL,))
    return Said(channels, f"it says “{phrase}”", sure=not _LIMITED.search(rest))


def _named(text: str) -> tuple[str, ...]:
    return tuple(c for c, words in _CHANNELS.items() if re.search(rf"\b(?:{words})\b", text))


def _plain(text: str) -> str:
    """Lower case words; `DoNotCall`, `do_not_call`, `don't call` and `e-mail` alike."""
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", str(text)).casefold()
    spaced = re.sub(r"[_/&]+|(?<=\w)-(?=\w)", " ", spaced.replace("e-mail", "email"))
    spaced = re.sub(r"\bdon['’]?t\b", "do not", spaced).replace("donot", "do not ")
    return " ".join(spaced.replace("?", " ").split())


# --- proposing ------------------------------------------------------------------------------------


def propose_opt_outs(con: duckdb.DuckDBPyConnection, document: MapDocument) -> None:
    """Add what is recognised to the map's values, each word with its channels and why."""
    for dataset in DATASETS:
        for header, counts in _columns(con, dataset).items():
            found = _of_column(header, counts)
            if found is not None:
                document.values[f"{PREFIX}{dataset}.custom:{header}"] = found
        tags = {tag: said for tag in _tags(con, dataset) if (said := _of_tag(tag))}
        if tags:
            document.values[f"{PREFIX}{dataset}.tags"] = ValueMap(
                map={tag: _text(said) for tag, said in tags.items()},
                hints={tag: said.why for tag, said in tags.items()},
                confidence=0.9,
                evidence=f"{len(tags)} tags say whom not to reach, and how",
            )


def _columns(con: duckdb.DuckDBPyConnection, dataset: str) -> dict[str, dict[str, int]]:
    """The distinct values of each custom column whose header or values may speak of it."""
    cells = con.execute(f"""
      WITH cells AS (
        SELECT unnest(map_keys(custom)) AS header, trim(unnest(map_values(custom))) AS value
        FROM {relation(con, f"clean.{dataset}")})
      SELECT header, value, count(*) FROM cells WHERE value <> '' GROUP BY header, value
      QUALIFY row_number() OVER (PARTITION BY header ORDER BY count(*) DESC, value) <= 2000
      ORDER BY ALL""").fetchall()
    found: dict[str, dict[str, int]] = {}
    for header, value, count in cells:
        found.setdefault(header, {})[value] = count
    return found


def _tags(con: duckdb.DuckDBPyConnection, dataset: str) -> list[str]:
    rows = con.execute(f"""
      SELECT DISTINCT trim(tag) FROM (
        SELECT unnest(tags) AS tag FROM {relation(con, f"clean.{dataset}")})
      WHERE trim(tag) <> '' ORDER BY 1""").fetchall()
    return [tag for (tag,) in rows]


def _of_tag(tag: str) -> Said | None:
    """What a tag says; tags that consent say nothing to write."""
    said = what_it_says(tag) if len(tag) <= LONGEST_TAG else None
    return None if said is None or said.consents else said


def _of_column(header: str, counts: dict[str, int]) -> ValueMap | None:
    """The words of a column with their channels; None for one that is about something else."""
    about = what_it_says(header)
    words: dict[str, str] = {}
    hints: dict[str, str] = {}
    for value in counts:
        said = _of_tag(value)
        if about is None and said is None:
            continue
        word = _word_of(value)
        words[word] = _text(said) if said else _answer(value, about)
        hints[word] = said.why if said else f"{about.why if about else ''}: {header}"
    if about is None and words:
        words[OTHER], hints[OTHER] = NONE, "its other words say nothing of it"
    others = [w for w in words if not words[w]]
    if len(others) > MOST_WORDS:
        words = {w: channels for w, channels in words.items() if channels} | {OTHER: ""}
        hints = {w: hints.get(w, "free text") for w in words}
    if not words:
        return None
    shown = ", ".join(f"{v} {n:,}" for v, n in list(counts.items())[:4])
    why = f"the header {header!r}: {about.why}" if about else "its values say so"
    return ValueMap(map=words, hints=hints, confidence=0.9, evidence=f"{why}; {shown}")


def _word_of(value: str) -> str:
    """The word under which the map lists a value: dates, numbers and addresses are one each."""
    for word, is_one in ((A_DATE, _is_dated), (A_NUMBER, is_phone), (AN_EMAIL, is_email)):
        if is_one(value):
            return word
    return value


def _is_dated(value: str) -> bool:
    """Whether a value is a day, or begins with one: `1/5/2024`, `Jan 5, 2024 by phone`."""
    words = value.split()
    beginnings = {" ".join(words[:n]) for n in (1, 3, len(words))}
    return any(is_day(text) for text in beginnings if not text.isdigit())


def _answer(value: str, about: Said | None) -> str:
    """The channels a column's plain yes, no or date opts out of; empty when nobody can tell."""
    if about is None:
        return NONE
    word, channels = value.strip().casefold(), ", ".join(about.channels)
    is_yes = word in _YES or _is_dated(value)
    if about.consents:
        is_yes |= _word_of(value) in (A_NUMBER, AN_EMAIL)  # "Text Message Enabled Phone #"
        return NONE if is_yes else channels if word in _NO else ""
    if is_yes:
        return channels
    if word in _NO:
        return NONE
    named = _named(_plain(value))
    if word in ("all", "both", "any", "everything"):
        return ALL
    return ", ".join(named) if named and not _LIMITED.search(word) else ""


def _text(said: Said) -> str:
    return ", ".join(said.channels) if said.sure else ""


def problems_of(name: str, values: ValueMap) -> Iterator[str]:
    """What of an opt-out entry of the map cannot be followed."""
    allowed = {*OPT_OUTS, ALL, NONE}
    for word, text in values.map.items():
        unknown = [c for c in _split(text) if c not in allowed]
        if unknown:
            yield (
                f"values of {name}, {word!r}: {', '.join(unknown)} is none of "
                f"{', '.join(sorted(allowed))}"
            )


def _split(text: str) -> list[str]:
    return [part.strip().casefold() for part in text.split(",") if part.strip()]


# --- applying -------------------------------------------------------------------------------------


def prepare_opt_outs(con: duckdb.DuckDBPyConnection, document: MapDocument) -> None:
    """Make the temporary table `m_opt_out`: source key of a person, channels as payload names.

    A person whom several rows became has the opt-outs of each of them. A word the map has not
    (yet), in a column it knows, counts as the strictest it has: never less than was said.
    """
    con.execute("CREATE OR REPLACE TEMP TABLE m_said (source_key VARCHAR, names VARCHAR[])")
    for name, values in document.values.items():
        if not name.startswith(PREFIX) or values.status == EXCLUDED:
            continue
        dataset, _, source = name.removeprefix(PREFIX).partition(".")
        cell = "unnest(tags)" if source == "tags" else "list_extract(map_extract(custom, ?), 1)"
        header = [] if source == "tags" else [source.removeprefix("custom:")]
        said = f"SELECT source_key, trim({cell}) AS word FROM {relation(con, f'clean.{dataset}')}"
        words = con.execute(f"SELECT DISTINCT word FROM ({said}) WHERE word <> ''", header)
        goals = [(w, _names(values, w, source)) for (w,) in words.fetchall()]
        goals = [(w, names) for w, names in goals if names]
        if goals:
            con.execute("CREATE OR REPLACE TEMP TABLE m_word (word VARCHAR, names VARCHAR[])")
            con.executemany("INSERT INTO m_word VALUES (?, ?)", goals)
            joined = f"SELECT source_key, names FROM ({said}) JOIN m_word USING (word)"
            con.execute(f"INSERT INTO m_said {joined}", header)
    con.execute(f"""
      CREATE OR REPLACE TEMP TABLE m_opt_out AS
      SELECT coalesce(m.kept_key, s.source_key) AS opted_key,
        list_sort(list_distinct(flatten(list(s.names)))) AS opt_outs
      FROM m_said s LEFT JOIN {relation(con, "clean.merges")} m ON m.merged_key = s.source_key
      GROUP BY ALL""")


def _names(values: ValueMap, word: str, source: str) -> list[str]:
    """The payload names of what a word opts out of."""
    known = {k.casefold(): v for k, v in values.map.items()}
    text = known.get(word.casefold(), known.get(_word_of(word).casefold()))
    if text is None:
        text = _unknown_word(known, word, source)
    channels = _split(text) or _strictest(values)
    if ALL in channels:
        return sorted(OPT_OUTS.values())
    return sorted(OPT_OUTS[c] for c in channels if c in OPT_OUTS)


def _unknown_word(known: dict[str, str], word: str, source: str) -> str:
    """The channels of a word that came after the map; empty when nobody can tell."""
    said = _of_tag(word)
    if said is not None:
        return _text(said)
    if source == "tags":
        return NONE
    if OTHER in known:
        return known[OTHER]
    return _answer(word, what_it_says(source.removeprefix("custom:")))


def _strictest(values: ValueMap) -> list[str]:
    """Every channel any word of the entry opts out of."""
    every = [c for text in values.map.values() for c in _split(text) if c != NONE]
    return [ALL] if ALL in every or not every else list(dict.fromkeys(every))
