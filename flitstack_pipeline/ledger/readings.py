"""A second, independent reading of one cell: does this text say the same as that value?

Belongs here: reading numbers, days, moments, times, phones, e-mails, names, addresses, words and
lists by code of its own, and comparing with what a field holds, as exactly one value. Does not: the
cells (`cells`), the fields (`provenance`). Imports nothing of the rooms that read, clean and map:
a mistake of theirs must not be repeated here.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from functools import lru_cache

from flitstack_pipeline.ledger.contact_points import read_address, read_email, read_phone, read_url
from flitstack_pipeline.ledger.file_names import read_file
from flitstack_pipeline.ledger.moments import read_date, read_time
from flitstack_pipeline.ledger.numbers import read_lines, read_number
from flitstack_pipeline.ledger.texts import Account, plain, unwrapped, words_of

VERBATIM = "verbatim"
TRIMMED = "white space trimmed"
_UNWRAPPED = "white space and marks of the spreadsheet taken off"
#: Words that stand for nothing, in lower case.
EMPTY_WORDS = frozenset(
    {"-", "--", "---", "—", "–", ".", "?", "n/a", "na", "n.a.", "none", "nil", "(none)", "unknown",
     "tbd", "tbc", "(blank)", "(empty)", "no data", "not provided", "not available",
     "not specified", "nan", "null", "(null)", "<null>", "<na>", "undefined",
     "[object object]", "undefined undefined", "null null", "none none", "nan nan",
     "[object object] [object object]", "undefined,undefined", "null,null", "none,none", "nan,nan",
     "[object object],[object object]", "undefined, undefined", "null, null", "none, none",
     "nan, nan", "[object object], [object object]",
     "{}", "[]", "invalid date", "#n/a", "#ref!", "#value!", "#name?", "#div/0!", "#null!",
     "#num!", "#error!", "\\n"}
)  # fmt: skip
_YES = frozenset({"yes", "y", "true", "t", "1", "1.0", "x", "on", "si", "sí", "oui", "ja", "sim",
                  "checked", "✓", "✔", "☑", "✔\ufe0f", "☑\ufe0f",
     "✅", "[x]", "wahr", "vrai", "verdadero", "verdadeiro",
                  "vero", "waar"})  # fmt: skip
_NO = frozenset({"no", "n", "false", "f", "0", "0.0", "off", "non", "nein", "nee", "não", "nao",
                 "unchecked", "-", "✗", "✘", "☐",
     "❌", "✖", "✖\ufe0f", "nej", "[ ]", "falsch", "faux", "falso",
                 "onwaar"})  # fmt: skip


def agrees(kind: str, text: str, value: str, account: Account) -> str:
    """How a value says what a text says: `verbatim`, the rule that changed it, or "" for no.

    Args:
        kind: How the cell is to be read, such as `number:.` or `date:day first`; `in:` before it
            means that the value is a text in which the cell's value is one piece.
        text: The cell as exported.
        value: What the field holds.
        account: The account's time zone and country.
    """
    if kind.startswith("in:"):
        return _among(kind[3:], text, value, account)
    if text == value:
        return VERBATIM
    if text.strip() == value.strip():
        return TRIMMED
    name, _, how = kind.partition(":")
    rule = READINGS[name](text, value, how, account)
    if not rule and "<" in text and (seen := _seen(text)) != text:
        return "HTML read as text" if agrees(kind, seen, value, account) else ""
    return rule


# --- text and names ---

_TAG = r"</?[A-Za-z][\w:-]*(?:[\s/][^>]*)?>"


def _seen(text: str) -> str:
    """A cell without tags and entities."""
    return html.unescape(re.sub(_TAG, " ", text)).strip()


def _text(text: str, value: str, how: str, account: Account) -> str:
    if plain(unwrapped(text)) == plain(value):
        return _UNWRAPPED
    if re.search(r"[<&]", text) and _shown(text) == _shown(value):
        return "HTML read as text"
    return read_lines(text, value)


@lru_cache(maxsize=20_000)
def _shown(text: str) -> str:
    """What a person sees of HTML: tags away, entities decoded, white space as one."""
    bare = re.sub(r"(?is)<(script|style)\b.*?</\1>", " ", text)
    bare = re.sub(r"(?i)\{\{image:[0-9a-f]{64}\}\}|<img\b[^>]*>|\[image[: ][^\]]*\]", " ", bare)
    bare = re.sub(r"\[damaged image\]", " ", bare)
    bare = re.sub(rf"(?s)<!--.*?-->|<!\w[^>]*>|{_TAG}", " ", bare)
    # Bars stand between the cells of tables, dashes before items, addresses behind links.
    shown = re.sub(r"\((?:https?://|mailto:|tel:)[^()\s]*\)", " ", plain(html.unescape(bare)))
    return re.sub(r"[\s|-]+", "", shown)


def _cased(text: str, value: str, how: str, account: Account) -> str:
    """Text whose capitals may differ."""
    if plain(unwrapped(text)).casefold() == plain(value).casefold():
        return "capitals made usual"
    return _text(text, value, how, account)


#: What tells records of one number apart in a source key (`main/invoices/1001~13cb0303e5ef`).
_TOLD_APART = re.compile(r"(?<=[^/])~[0-9a-f]{12}$")


def _id(text: str, value: str, how: str, account: Account) -> str:
    """A number or id of a record: one of the ids and names the record goes by.

    `how` lists, of several records in the cell, those that are known: each must be led to, unless
    links of the row were refused; the others must be kept as text.
    """
    wanted, (known, loose) = _bare_id(text), _known_ids(value)
    parts = [_bare_id(p) for p in re.split(r"[;,|\n&]|\band\b", text) if p.strip()]
    if how:
        refused, *owed = how.split("\x1e")
        led = [p for p in parts if p in known or _loose_id(p) in loose]
        kept = _kept_ids(value)
        if any(p not in led and (p not in kept or _is_owed(p, refused, owed)) for p in parts):
            return ""
        return "leads to the records" if len(led) == len(parts) else "kept as text, or leads to it"
    if wanted in known or _loose_id(wanted) in loose:
        return "leads to the record"
    if len(parts) > 1 and all(p in known or _loose_id(p) in loose for p in parts):
        return "leads to the records"
    return ""


def _is_owed(part: str, refused: str, owed: list[str]) -> bool:
    """Whether a link to a part of a cell must be there; `refused` says that some were not made."""
    return refused == "owed" and part in map(_bare_id, owed)


def _kept_ids(value: str) -> set[str]:
    """The numbers in lines such as `job: 502, 503` that keep what has no link."""
    lines = re.findall(
        r"(?m)^(?:job|estimate|invoice|[a-z_]+_number): (.+)$", value.replace("\x1f", "\n")
    )
    return {_bare_id(part) for line in lines for part in re.split(r"[;,|&]|\band\b", line)}


@lru_cache(maxsize=4_000)
def _known_ids(value: str) -> tuple[frozenset[str], frozenset[str]]:
    """The ids and names in a value, as written and in their loose form."""
    ids = [v for part in value.split("\x1f") for v in (part, part.rpartition("/")[2])]
    ids += [_TOLD_APART.sub("", x) for x in ids if "~" in x]
    known = frozenset(map(_bare_id, ids))
    return known, frozenset(map(_loose_id, known))


def _document(text: str, value: str, how: str, account: Account) -> str:
    """The number of a document, with or without its number sign."""
    if _bare_id(text) == _bare_id(value):
        return "number sign taken off"
    return _text(text, value, how, account)


#: Other words for a kind of record.
_KINDS = {"customer": "client", "contact": "client", "quote": "estimate", "proposal": "estimate",
          "bill": "invoice", "project": "job", "prospect": "lead", "opportunity": "job",
          "wo": "work_order", "workorder": "work_order", "cliente": "client", "trabajo": "job",
          "presupuesto": "estimate", "factura": "invoice"}  # fmt: skip


def _record_kind(text: str, value: str, how: str, account: Account) -> str:
    """The kind of record a row hangs on, among those it leads to (`~clients`)."""
    word = "_".join(words_of(text))
    word = word.removesuffix("s") if not word.endswith("ss") else word
    word = _KINDS.get(word, word)
    return "kind of the record it hangs on" if f"~{word}s" in value.split("\x1f") else ""


def _converted(text: str, value: str, how: str, account: Account) -> str:
    """A lead that was converted is part of a client, or its original values (`how` is "kept") say
    that it was; one that was not is a contact of its own."""
    word, is_client = plain(text).casefold(), "/clients/" in value
    if how == "kept":
        says_so = word in _YES and "converted: Yes" in value.split("\n")
        return "kept as text: no client stands for it" if says_so else ""
    if word in _YES and is_client:
        return "the lead is part of its client"
    return "the lead is a contact of its own" if word in _NO and not is_client else ""


@lru_cache(maxsize=20_000)
def _bare_id(text: str) -> str:
    found = plain(unwrapped(text)).lstrip("#").strip().casefold()
    return found[:-2] if re.fullmatch(r"\d+\.0", found) else found


@lru_cache(maxsize=20_000)
def _loose_id(text: str) -> str:
    found = re.sub(r"[\s_-]", "", re.sub(r"^[a-z]+[\s_#.-]*(?=\d)", "", text))
    return re.sub(r"^0+(?=\d)", "", found)


def _numbered(text: str, value: str, how: str, account: Account) -> str:
    """A record named after its number: `Invoice #1001`."""
    named = _loose_id(_bare_id(value.rpartition("#")[2]))
    return "name of the record by its number" if named == _loose_id(_bare_id(text)) else ""


def _name(text: str, value: str, how: str, account: Account) -> str:
    """A name of a person or firm; the value may hold several names it goes by."""
    first, comma, last = plain(text).partition(",")
    orders = _orders(text)
    bare = [w for w in words_of(re.sub(r"\([^)]*\)|\"[^\"]*\"", " ", text)) if w not in _TITLES]
    # Each way to agree needs each of these words; most names in a value do not hold the longest.
    word = max(bare, key=len, default="")
    names = [k for k in value.split("\x1f") if word in k.casefold() or not k.isascii()]
    for known in names:
        if plain(text) == plain(known):
            return "as written"
        if any(order in orders for order in _orders(known)):
            return "name in its usual order and capitals"
    turned = [w for w in words_of(f"{last} {first}") if w not in _TITLES] if comma else bare
    if any([w for w in words_of(k) if w not in _TITLES] in (bare, turned) for k in names):
        return "name without its title"
    return ""


def _orders(name: str) -> list[list[str]]:
    """The words of a name, and the other way round where a comma turns it."""
    first, comma, last = plain(name).partition(",")
    return [words_of(name)] + ([words_of(f"{last} {first}")] if comma else [])


_TITLES = frozenset({"mr", "mrs", "ms", "miss", "dr", "prof", "sr", "sra", "the", "mx"})


# --- words and lists ---


def _yes_no(text: str, value: str, how: str, account: Account) -> str:
    word, held = plain(text).casefold(), value.casefold()
    same = (word in _YES and held == "yes") or (word in _NO and held == "no")
    return "yes or no" if same else ""


_FINISHED = frozenset({"done", "complete", "completed", "closed", "finished", "hecho", "terminé"})
_UNFINISHED = frozenset(
    {"open", "pending", "to do", "todo", "not done", "not completed", "not complete", "incomplete",
     "in progress", "not started", "started", "overdue", "pendiente", "ouvert"}
)  # fmt: skip


def _done(text: str, value: str, how: str, account: Account) -> str:
    """Whether a task is done: yes or no, or a word for either."""
    word, held = " ".join(plain(text).casefold().replace("-", " ").split()), value.casefold()
    same = (word in _FINISHED and held == "yes") or (word in _UNFINISHED and held == "no")
    return "done or open" if same else _yes_no(text, value, how, account)


def _word(text: str, value: str, how: str, account: Account) -> str:
    """A word and its label, alike up to capitals and joints; others are in the value map."""
    return "label of the word" if words_of(text) == words_of(value) else ""


def _list(text: str, value: str, how: str, account: Account) -> str:
    """Every part of the cell among the parts held."""
    held = {" ".join(words_of(p)) for p in re.split(r"[;\x1f\n|]|, ", value)}
    held |= {" ".join(words_of(p)) for p in re.split(r"[,;\x1f\n|]", value)}
    for cut in (r"[;|\n]", r"[;|\n,]", r"[;|\n,&]|\band\b"):
        parts = [" ".join(words_of(p)) for p in re.split(cut, text)]
        parts = [p for p in parts if p]
        if parts and all(p in held or " ".join(reversed(p.split())) in held for p in parts):
            return "list, one value each"
    turned = [
        " ".join(words_of(f"{b} {a}")) for a, _, b in (p.partition(",") for p in text.split(";"))
    ]
    return "list, one value each" if turned and all(p in held for p in turned if p) else ""


def _owner(text: str, value: str, how: str, account: Account) -> str:
    """The owner among the people of the cell; nobody, when none of them is in the team (`how`)."""
    said = set(words_of(text))
    if any(n and set(words_of(n)) <= said for n in value.split("\x1f")[:1]) or (
        value.rpartition("\x1f")[2].casefold() in text.casefold()
    ):
        return "owner of the record"
    known = [n for n in how.split("\x1f") if n]
    is_nobody = value == "~nobody" and not any(set(words_of(n)) <= said for n in known)
    return "nobody of the team, so no owner" if is_nobody else ""


def _stage(text: str, value: str, how: str, account: Account) -> str:
    """A stage is found by the words of the map alone."""
    return ""


# --- pieces of a longer text ---

_JOINTS = re.compile(r"\n| · |; | × | @ | = |[\[\]()]|: |, |\x1f|<br>|</?p>|-(?=\d\d:\d\d)")


@lru_cache(maxsize=4_000)
def pieces(value: str) -> frozenset[str]:
    """The pieces a text of several values is made of, with its lines and the ends of its lines."""
    lines = value.split("\n")
    found = {p.strip() for p in _JOINTS.split(value)} | {x.strip() for x in lines}
    found |= {x.partition(" × ")[0].partition(" ")[0] for x in lines if " × " in x}
    found |= {x.partition(" × ")[0].partition(" ")[2] for x in lines if " × " in x}
    for joint in (": ", " = ", " · ", " × "):
        found |= {x.partition(joint)[2].strip() for x in lines if joint in x}
    return frozenset(p for p in found if p)


def _among(kind: str, text: str, value: str, account: Account) -> str:
    """A cell as one piece of a text: verbatim, or by its own reading."""
    bare = text.strip()
    known = frozenset(value.split("\x1f")) if kind == "file" else pieces(value)
    if bare in known or _inside(bare, value):
        return VERBATIM
    if plain(unwrapped(bare)) in {plain(p) for p in known}:
        return _UNWRAPPED
    if re.search(r"[<&]", text) and _shown(text) and _shown(text) in _shown(value):
        return "HTML read as text"
    name, _, how = kind.partition(":")
    if name == "text":
        return read_lines(text, value)
    read = READINGS[name]
    for piece in sorted(known):
        rule = read(text, piece, how, account)
        if rule:
            return rule
    return ""


def _kept(bare: str, value: str) -> str:
    """A cell among original values: lines `column: text`, several texts of one column by commas."""
    for text, rule in ((bare, VERBATIM), (plain(unwrapped(bare)), _UNWRAPPED)):
        at = value.find(text) if text else -1
        while at >= 0:
            line, after = value[:at].rpartition("\n")[2], value[at + len(text) :]
            if re.search(r"[^\n]: (?:.*, )?$", line) and re.match(r"\n|, |$", after):
                return rule
            at = value.find(text, at + 1)
    shown = _shown(bare) if re.search(r"[<&]", bare) else ""
    return "HTML read as text" if shown and shown in _shown(value) else ""


def _inside(bare: str, value: str) -> bool:
    """Whether a text stands in another as whole lines or pieces, not as a part of a word."""
    at = value.find(bare) if bare else -1
    while at >= 0:
        before, after = value[:at], value[at + len(bare) :]
        starts = not before or re.search(
            r"(?:\n| · |; |: | = | × | @ |[\[(>]|\x1f|\| |, )$", before
        )
        ends = not after or re.match(r"\n| · |; | × | @ | = |[\])<]|\x1f| \||, ", after)
        if starts and ends:
            return True
        at = value.find(bare, at + 1)
    return False


Reading = Callable[[str, str, str, Account], str]
READINGS: dict[str, Reading] = {
    "text": _text, "kept": _text, "cased": _cased, "id": _id, "document": _document,
    "name": _name, "number": read_number,
    "written": _name, "numbered": _numbered,
    "date": read_date, "time": read_time, "phone": read_phone, "email": read_email, "url": read_url,
    "record_kind": _record_kind,
    "converted": _converted,
    "file": read_file,
    "address": read_address, "yes_no": _yes_no, "done": _done, "word": _word,
    "list": _list, "stage": _stage,
    "owner": _owner,
}  # fmt: skip
