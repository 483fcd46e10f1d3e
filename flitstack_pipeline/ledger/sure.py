"""Readings of the witness in SQL: when a value surely says the same as a cell.

Only usual forms are read here, whole columns at once; what these leave, `readings` reads in Python.
Imports nothing of the rooms that read, clean and map. In the SQL `{mdy}` and `{dmy}` stand for the
order of days in the cell's file, `{point}` for a decimal point there, `{american}` for American
phones, `{zone}` for the account's time zone.
"""

from __future__ import annotations

from collections.abc import Callable

from flitstack_pipeline.ledger.places import COUNTRIES, STATES
from flitstack_pipeline.ledger.texts import words_of

#: What is said of a cell that is found so.
SURE_RULE = {
    "number": "number without signs of currency and thousands", "phone": "phone to E.164",
    "email": "e-mail in lower case", "cased": "capitals made usual", "word": "label of the word",
    "yes_no": "yes or no", "done": "yes or no", "id": "leads to the record", "name": "as written",
    "owner": "owner of the record", "numbered": "name of the record by its number",
    "date": "date, year first", "address": "address in its parts, usual short forms",
    "stage": "label of the confirmed value map", "time": "time of 24 hours",
    "record_kind": "kind of the record it hangs on",
    "converted": "part of its client when converted, else a contact of its own",
    "list": "list, one value each", "url": "web address with its scheme",
    "address:state": "state by its code", "address:country": "country by its code",
    "address:zip": "postcode with its leading zero",
}  # fmt: skip
_PHONE = "'^[+]?1?[ .-]?[(]?[0-9]{3}[)]?[ .-]?[0-9]{3}[ .-]?[0-9]{4}$'"
_ORDERS = (("%m/%d/%Y", "{mdy}"), ("%d/%m/%Y", "{dmy}"))


def sure(kind: str, text: str, value: str) -> str:
    """SQL that is true where a comparison needs no further look.

    Args:
        kind: The kind of reading, as `readings.agrees` takes it.
        text: SQL of the cell.
        value: SQL of what the field holds.
    """
    if kind.startswith("in:"):
        return _inside(kind[3:].partition(":")[0], text, value)
    name, _, how = kind.partition(":")
    read = _SURE.get(kind if name in ("address", "converted") and how else name)
    return read(text, value) if read else "false"


def _among(piece: str, value: str) -> str:
    """SQL: whether a piece is one of several values."""
    return f"contains(chr(31) || {value} || chr(31), chr(31) || {piece} || chr(31))"


def _date(text: str, value: str) -> str:
    moment = f"({_moment(text)} AT TIME ZONE {{zone}}) = TRY_CAST({value} AS TIMESTAMPTZ)"
    day = f"TRY_CAST({value} AS DATE) IS NOT NULL AND ({_is_day(text, value)})"
    return f"CASE length({value}) WHEN 10 THEN {day} ELSE length({value}) > 16 AND {moment} END"


def _is_day(text: str, value: str) -> str:
    """SQL: whether a cell is a day, year first, as it is written with and without zeros."""
    year, month, day = f"left({value}, 4)", f"substr({value}, 6, 2)", f"substr({value}, 9, 2)"
    forms = []
    for first, second, sign in ((month, day, "{mdy}"), (day, month, "{dmy}")):
        full = f"{first} || '/' || {second} || '/' || {year}"
        short = f"ltrim({first}, '0') || '/' || ltrim({second}, '0') || '/' || {year}"
        forms.append(f"{sign} AND ({text} = {full} OR {text} = {short})")
    return " OR ".join(forms)


def _address(text: str, value: str) -> str:
    return f"starts_with({value} || ' ', replace({text}, ',', '') || ' ')"


def _coded(codes: dict[str, str]) -> Callable[[str, str], str]:
    """A reading of names that stand for codes."""
    pairs = chr(31).join(f"{name} {code}" for name, code in codes.items())
    listed = f"'{chr(31)}{pairs}{chr(31)}'"

    def read(text: str, value: str) -> str:
        said, held = f"lower(trim({text}))", f"lower({value})"
        pair = f"chr(31) || {said} || ' ' || {held} || chr(31)"
        return f"({said} = {held} OR contains({listed}, {pair}))"

    return read


def _postcode(text: str, value: str) -> str:
    return f"(regexp_full_match({text}, '[0-9]{{3,4}}') AND lpad({text}, 5, '0') = {value})"


def _url(text: str, value: str) -> str:
    return f"({value} = 'https://' || {text} OR {value} = 'http://' || {text})"


def _list(text: str, value: str) -> str:
    said, held = (f"string_split({_parts(x)}, chr(31))" for x in (text, value))
    return f"list_has_all({held}, {said})"


def _parts(sql: str) -> str:
    """SQL of the parts of a list, or of a JSON array, in lower case, with one sign between them."""
    bare = f"lower(trim({sql}, '[]\" '))"
    return f"""regexp_replace({bare}, '"?\\s*[;,|\\n\\x1f]\\s*"?', chr(31), 'g')"""


def is_nobody_sql(text: str, team: str) -> str:
    """SQL: whether a cell surely names nobody of a team, whose names stand apart by chr(31)."""
    names = [words_of(name) for name in team.split(chr(31)) if name]
    if not all(names):
        return "false"
    told = [max(words, key=len) for words in names if all(w.isascii() for w in words)]
    some = f"AND NOT regexp_matches(lower({text}), '{'|'.join(told)}')" if told else ""
    return f"(regexp_full_match({text}, '[ -~]*') {some})"


def _number(text: str, value: str) -> str:
    said = _american(text, 4)
    number = f"{value} < ':'"  # it begins with a digit or a sign, which is quickly seen
    return f"({number} AND {said} = TRY_CAST({value} AS DECIMAL(18,4)))"


def _american(text: str, places: int) -> str:
    """SQL of a number with a point and perhaps commas; NULL of another text."""
    form = f"'^[$]?([0-9]{{1,3}}(,[0-9]{{3}})+|[0-9]+)([.][0-9]{{1,{places}}})?$'"
    bare = f"TRY_CAST(replace(ltrim({text}, '$'), ',', '') AS DECIMAL(18,{places}))"
    return f"CASE WHEN {{point}} AND regexp_matches({text}, {form}) THEN {bare} END"


def _phone(text: str, value: str) -> str:
    digits = f"'+1' || right(regexp_replace({text}, '[^0-9]', '', 'g'), 10)"
    return f"({{american}} AND regexp_matches({text}, {_PHONE}) AND {_among(digits, value)})"


def _email(text: str, value: str) -> str:
    return f"(regexp_matches({text}, '^[^ ,;|<>()]+$') AND {_among(f'lower({text})', value)})"


def _cased(text: str, value: str) -> str:
    return f"(lower(trim({text})) = lower({value}))"


def _yes_no(text: str, value: str) -> str:
    return (
        f"((lower({text}) IN ('yes', 'true', 'y', 'x', '1') AND {value} = 'Yes') "
        f"OR (lower({text}) IN ('no', 'false', 'n', '0') AND {value} = 'No'))"
    )


def _id(text: str, value: str) -> str:
    return (
        f"({_among(text, value)} OR ends_with({value}, '/' || {text}) "
        f"OR contains({value}, '/' || {text} || chr(31)) "
        f"OR contains({value}, '@' || {text} || chr(31)))"
    )


def _converted(text: str, value: str) -> str:
    client = f"contains({value}, '/clients/')"
    return (
        f"((lower({text}) IN ('no', 'false', 'n', '0') AND NOT {client}) "
        f"OR (lower({text}) IN ('yes', 'true', 'y', '1') AND {client}))"
    )


def _record_kind(text: str, value: str) -> str:
    return _among(f"'~' || lower({text}) || 's'", value)


def _time(text: str, value: str) -> str:
    hour = f"(TRY_CAST(left({value}, 2) AS INT) + 11) % 12 + 1"
    half = f"CASE WHEN left({value}, 2) < '12' THEN ' AM' ELSE ' PM' END"
    clock = f"lpad(({hour})::VARCHAR || substr({value}, 3) || {half}, 8, '0')"
    return f"(length({value}) = 5 AND length({text}) < 9 AND lpad({text}, 8, '0') = {clock})"


def _numbered(text: str, value: str) -> str:
    return f"ends_with({value}, '#' || ltrim(trim({text}), '#'))"


def _owner(text: str, value: str) -> str:
    owner = f"string_split({value}, chr(31))[1]"
    return f"({owner} <> '' AND contains(lower({text}), lower({owner})))"


def _name(text: str, value: str) -> str:
    return _among(text, value)


def _day(text: str) -> str:
    """SQL of the day a cell says, year first."""
    forms = (
        f"WHEN {sign} AND regexp_full_match({text}, '[0-9]{{1,2}}/[0-9]{{1,2}}/[0-9]{{4}}') "
        f"THEN strftime(try_strptime({text}, '{order}'), '%Y-%m-%d')"
        for order, sign in _ORDERS
    )
    return f"CASE {' '.join(forms)} END"


def _moment(text: str) -> str:
    """SQL of the local moment a cell says."""
    form = "'[0-9]{1,2}/[0-9]{1,2}/[0-9]{4} [0-9]{1,2}:[0-9]{2} [AP]M'"
    forms = (
        f"WHEN {sign} AND regexp_full_match({text}, {form}) "
        f"THEN try_strptime({text}, '{order} %I:%M %p')"
        for order, sign in _ORDERS
    )
    return f"CASE {' '.join(forms)} END"


def _inside(name: str, text: str, value: str) -> str:
    """SQL that is true where a cell is one whole piece of a text, between the usual joints."""
    if name == "kept":
        return f"coalesce(contains({value} || chr(10), ': ' || {text} || chr(10)), false)"
    piece = _PIECES.get(name)
    said = piece(text) if piece else ""
    if not said:
        return "false"
    lines = f"lower({value})" if name == "word" else value
    for joint in ("chr(10)", "chr(31)", "'['", "']'"):
        lines = f"replace({lines}, {joint}, ' · ')"
    found = f"contains(' · ' || {lines} || ' · ', ' · ' || {said} || ' · ')"
    return f"coalesce({value} <> '' AND {found}, false)"


def _lines(text: str) -> str:
    return f"replace({text}, chr(10), ' · ')"


#: Kind of reading → SQL of the piece that stands for a cell.
_PIECES: dict[str, Callable[[str], str]] = {
    "text": _lines, "id": _lines, "file": _lines,
    "word": lambda text: f"lower({text})",
    "date": lambda text: (
        f"coalesce({_day(text)}, strftime({_moment(text)}, '%Y-%m-%d %H:%M'))"
    ),
    "number": lambda text: f"({_american(text, 2)})::VARCHAR",
}  # fmt: skip
_SURE: dict[str, Callable[[str, str], str]] = {
    "date": _date, "address": _address, "number": _number, "phone": _phone, "email": _email,
    "cased": _cased, "word": _cased, "yes_no": _yes_no, "done": _yes_no, "id": _id,
    "converted": _converted,
    "record_kind": _record_kind, "time": _time, "name": _name, "owner": _owner,
    "numbered": _numbered, "list": _list, "url": _url,
    "address:state": _coded(STATES), "address:country": _coded(COUNTRIES),
    "address:zip": _postcode,
}  # fmt: skip
