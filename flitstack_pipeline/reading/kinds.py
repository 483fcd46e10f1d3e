"""Which kind of file a header row belongs to: evidence for and against every kind, and the doubts.

A kind needs positive evidence for the whole file: its own key, and columns that are its own. A
column that is another kind's key, or a time slot, counts against it; a column nobody knows is a
custom column and counts for nothing. Belongs here: weighing headers. Does not: which row is the
header, which column is which (`recognise`), what a name says (`file_names`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, lru_cache

from flitstack_pipeline.catalog.declared import OBJECT_TYPES
from flitstack_pipeline.catalog.headers import normalise_header
from flitstack_pipeline.catalog.model import Dataset
from flitstack_pipeline.catalog.other_kinds import KINDS, OTHER, OTHER_KINDS
from flitstack_pipeline.catalog.source import BY_KEY, DATASETS, LINES_OF
from flitstack_pipeline.catalog.spelling import QUALIFIED, SPELLED, USUAL, column_of
from flitstack_pipeline.reading.file_names import NameSays

NAME_BONUS = 0.35
CLEAR_MARGIN = 0.08
#: A header that more kinds than this know is everybody's, and counts half.
FEW = 2
#: Of a file whose name says nothing we know, so much must belong to its kind.
STRONG_SHARE, STRONG_KNOWN = 0.7, 0.5

OWN_ID, WEAK_ID, BUSINESS_KEYS, NO_KEY = "own id", "weak id", "business keys", ""
_ID_WORD = re.compile(r"^(.*?) ?\b(?:id|ids|number|numbers|no|ref)$")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


#: Nouns before "number" or "id" that name no record of their own.
_NO_RECORD = _words(
    """phone mobile cell fax telephone tax vat license licence parcel lot house suite po policy
    reference external quickbooks qbo stripe legacy old gate apn serial model route building floor
    line gst ein location customer client contact account bank check cheque home work office
    other"""
)
_PARENT_DETAIL = re.compile(
    r"^(?:client|customer|contact|billing|bill to|service|property|site|location|company) "
)
#: Nouns of a kind that stand in other files as well.
_COMMON_NOUNS = _words(
    "contact account item line product document file service material transaction member"
)
#: Kinds without an id of their own whose columns together no other kind has.
_TELLING_KEYS = frozenset({*LINES_OF, "attachments", "activities", "custom_fields", "items"})
#: Columns that any file about a record may have; they do not make it the record's own file.
_NO_BODY = _words(
    """client_id client_name name first_name last_name business_name notes workspace created
    updated tags assigned_to job_number estimate_number invoice_number work_order_number lead_id"""
)
_DAYS = frozenset({"date", "day", "visit date", "appointment date"})
_TIMES = frozenset(
    {
        "start",
        "start time",
        "time",
        "end time",
        "from",
        "arrival window",
        "time slot",
        "time window",
    }
)
#: Documents that a vendor sends are none of ours, though they have our words (bid, quote, invoice).
_VENDORS = frozenset(
    {"vendor", "vendor name", "supplier", "supplier name", "subcontractor", "subcontractor name",
     "sub", "payee", "bidder", "bill from", "pay to"}
)  # fmt: skip
OF_VENDOR = "its rows are of a vendor, and name no client"
_OF_CLIENT = frozenset(
    o.key for o in OBJECT_TYPES if any(c.name == "client_name" for c in o.main.columns)
)
_SLOT_KINDS = frozenset({"clients", "leads", *_OF_CLIENT})


@dataclass(frozen=True)
class Guess:
    """One kind of file a header row could belong to, and what speaks for and against it.

    `recognised` counts the columns it knows; `own` and `foreign` weigh those that are its own and
    those that only other kinds have; `key` says what would identify a row; `claims` are headers
    that say the kind by themselves. `signature` is the share of its telling columns, `body` the
    number of those that are more than ids and names.
    """

    dataset: str
    score: float
    recognised: int
    own: float = 0.0
    foreign: float = 0.0
    key: str = NO_KEY
    claims: int = 0
    signature: float = 0.0
    body: int = 0
    against: tuple[str, ...] = ()
    strangers: tuple[str, ...] = ()

    @property
    def evidence(self) -> str:
        """What speaks for it and against it, in words."""
        label = KINDS[self.dataset].label
        key = {
            OWN_ID: "has its own id",
            WEAK_ID: "has an id that names no kind",
            BUSINESS_KEYS: "has no id, but the columns that identify a row",
        }.get(self.key, "has nothing that identifies a row")
        strange = f"; not of it: {', '.join(self.strangers[:6])}" if self.strangers else ""
        against = "".join(f"; {a}" for a in self.against)
        return f"{self.dataset} ({label}): {self.recognised} columns known, {key}{strange}{against}"


def guesses(cells: list[str], says: NameSays) -> list[Guess]:
    """Every kind of file as the owner of a header row, the likeliest first."""
    headers = tuple(c for c in cells if c.strip())
    found = [_guess(kind, headers, says) for kind in KINDS.values() if kind.key != "note"]
    return sorted(found, key=lambda g: (-g.score, g.dataset in OTHER))


def most_known(headers: list[str], kind: str = "") -> int:
    """How many columns of one kind of file (that one, or the one that knows most) are there."""
    kinds = [kind] if kind else [key for key in KINDS if key != "note"]
    return max(len({c[0] for h in headers if (c := column_of(key, h))}) for key in kinds)


def best_known(ranked: list[Guess]) -> Guess:
    """The likeliest kind of export we know."""
    return next(g for g in ranked if g.dataset in BY_KEY)


def doubts(ranked: list[Guess], says: NameSays, columns: int) -> list[str]:
    """Why the likeliest kind of export is not certain; empty where it is."""
    best = best_known(ranked)
    label = KINDS[best.dataset].label
    named = best.dataset in says.known and (not says.other or _is_head(best, says))
    found = list(_doubts_of_name(best, says, named, columns))
    if best.recognised == 0:
        return ["none of its columns is known"]
    if best.key == NO_KEY:
        found.append(f"no column identifies a record of {label}")
    elif best.key == WEAK_ID and not named and best.claims < 2:
        found.append("its id says not of what")
    elif best.key == BUSINESS_KEYS and not named and not _says_itself(best):
        found.append(f"no column says that it holds {label}")
    elif not named and not best.body and best.recognised < columns:
        found.append(f"it holds hardly more than ids and names of {label}")
    if best.foreign > best.own:
        found.append(f"most of its columns are not of {label}")
    found += [reason for reason in best.against if not named or reason == OF_VENDOR]
    if not named:
        found += _rivals(best, ranked)
    return found


def _is_head(best: Guess, says: NameSays) -> bool:
    """Whether the last noun of a name is the kind that the columns are of without any doubt."""
    sure = best.key == OWN_ID and best.own > best.foreign and not best.against
    return sure and best.dataset in says.head


def _says_itself(best: Guess) -> bool:
    """Whether the columns alone say the kind of a file without ids."""
    whole = best.dataset in _TELLING_KEYS and best.signature == 1 and not best.foreign
    return whole or best.claims > 0


def _doubts_of_name(best: Guess, says: NameSays, named: bool, columns: int) -> list[str]:
    if best.dataset == "activities" and best.signature == 1 and best.key == BUSINESS_KEYS:
        return []  # tasks, messages and meetings in our own columns: each row says what it is
    if (says.other or says.known) and not named:
        kinds = ", ".join(sorted(KINDS[k].label for k in says.kinds))
        return [f"its name says {kinds}"]
    share = best.own / (best.own + best.foreign) if best.own else 0.0
    strong = share >= STRONG_SHARE and best.recognised >= STRONG_KNOWN * columns and best.body > 1
    if says.stranger and not strong:
        return [f"its name says {says.stranger!r}, which is no kind of export"]
    return []


def _rivals(best: Guess, ranked: list[Guess]) -> list[str]:
    """Other kinds that have as much a claim to the file."""
    found = []
    for guess in ranked:
        other = guess.dataset in OTHER
        if guess is best or (other and guess.signature < 1):
            continue
        close = best.score - guess.score < CLEAR_MARGIN and guess.key != NO_KEY
        if close or (other and guess.own > best.own):
            found.append(f"its columns fit {KINDS[guess.dataset].label} as well")
    return found[:2]


def _guess(kind: Dataset, headers: tuple[str, ...], says: NameSays) -> Guess:
    known = [(h, c) for h in headers if (c := column_of(kind.key, h))]
    columns = {name for _, (name, _) in known}
    own = sum(_own_weight(h, strength) for h, (_, strength) in known)
    strangers = [h for h in headers if not column_of(kind.key, h) and _foreign_weight(kind.key, h)]
    foreign = sum(_foreign_weight(kind.key, h) for h in strangers)
    key = _key(kind, known, columns)
    named = kind.key in says.kinds
    against = _against(kind, headers, columns)
    signature = _share_of(kind.signature, columns)
    usual = sum(1.0 if s == USUAL else 0.6 for _, (_, s) in known)
    score = usual / len(headers) if headers else 0.0
    score += 0.5 * signature + (0.3 if key == OWN_ID else 0) + (NAME_BONUS if named else 0)
    score += 0.3 * (own - foreign) / max(len(headers), 1) - 0.3 * len(against)
    claims = sum(_claims(kind, h, c) for h, (c, _) in known)
    return Guess(
        kind.key,
        round(score, 4),
        len(columns),
        own,
        foreign,
        key,
        claims,
        signature,
        len(columns - _NO_BODY - {_own_id(kind)}),
        tuple(against),
        tuple(strangers),
    )


def _share_of(groups: tuple[str, ...], columns: set[str]) -> float:
    met = sum(any(name in columns for name in group.split("|")) for group in groups)
    return met / len(groups) if groups else 0.0


def _key(kind: Dataset, known: list[tuple[str, tuple[str, int]]], columns: set[str]) -> str:
    own_id = _own_id(kind)
    for header, (name, _) in known:
        if name == own_id and _is_specific(kind, header):
            return OWN_ID
    if kind.business_keys and _share_of(kind.business_keys, columns) == 1:
        return BUSINESS_KEYS
    return WEAK_ID if own_id in columns else NO_KEY


def _own_id(kind: Dataset) -> str:
    """The id column of a kind's own records; "" where it is known by what it hangs on."""
    first = kind.id_columns[0]
    noun = re.sub(r"_(?:id|number)$", "", first).replace("_", " ")
    return first if first == "id" or (noun != first and noun in kind.subjects) else ""


def _is_specific(kind: Dataset, header: str) -> bool:
    """Whether an id's header says whose id it is: "Job #", neither "ID" nor "Job"."""
    text = normalise_header(header)
    found = _ID_WORD.match(text)
    return bool(found and found.group(1))


def _claims(kind: Dataset, header: str, column: str) -> bool:
    """Whether a header says the kind by itself: its noun, or a word that no other kind has."""
    if column == _own_id(kind) or _ID_WORD.match(normalise_header(header)):
        return False
    text = normalise_header(header)
    nouns = set(kind.subjects) - _COMMON_NOUNS
    return any(text.startswith(f"{n} ") for n in nouns) or _knowers(header) == {kind.key}


@lru_cache(maxsize=20_000)
def _knowers(header: str) -> frozenset[str]:
    """The kinds of export that spell a column so."""
    return frozenset(d.key for d in DATASETS if (c := column_of(d.key, header)) and c[1] >= SPELLED)


@lru_cache(maxsize=20_000)
def _other_knowers(header: str) -> frozenset[str]:
    """The other kinds of file that spell a column so, what all of them have left aside."""
    found = {k.key: c for k in OTHER_KINDS if (c := column_of(k.key, header)) and c[1] >= SPELLED}
    return frozenset(found) if len(found) < len(OTHER_KINDS) else frozenset()


def _own_weight(header: str, strength: int) -> float:
    return 1.0 if strength == QUALIFIED or len(_knowers(header)) <= FEW else 0.5


@lru_cache(maxsize=50_000)
def _foreign_weight(kind: str, header: str) -> float:
    """How much a header that a kind has not speaks for other kinds; 0 for a custom column."""
    text = normalise_header(header)
    if _PARENT_DETAIL.match(text) and kind not in ("clients", "leads", "client_contacts"):
        return 0.0
    known = _knowers(header) | _other_knowers(header)
    if not known:
        return 1.0 if _is_foreign_id(header) else 0.0
    return 1.0 if len(known) <= FEW + 1 else 0.5


def _is_foreign_id(header: str) -> bool:
    found = _ID_WORD.match(normalise_header(header))
    noun = found.group(1).split() if found else []
    return bool(noun) and noun[-1] not in _NO_RECORD


def _against(kind: Dataset, headers: tuple[str, ...], columns: set[str]) -> list[str]:
    found = []
    first = next((h for h in headers if _is_foreign_id(h)), None)
    if first and not column_of(kind.key, first):
        found.append(f"its first id is {first!r}")
    if kind.key in ("clients", "leads") and _has_second_subject(headers):
        found.append("it names a client and a contact person on each row")
    names_no_client = kind.key in _OF_CLIENT and not columns & {"client_id", "client_name"}
    if names_no_client and not _VENDORS.isdisjoint(map(normalise_header, headers)):
        found.append(OF_VENDOR)
    if kind.key in _SLOT_KINDS and _is_time_slot(headers) and "start_date" not in columns:
        found.append("its rows are time slots")
    return found


def _has_second_subject(headers: tuple[str, ...]) -> bool:
    texts = [normalise_header(h) for h in headers]
    contacts = sum(t.startswith("contact ") for t in texts)
    return contacts > 1 and any(t.startswith(("client ", "customer ")) for t in texts)


@cache
def _is_time_slot(headers: tuple[str, ...]) -> bool:
    """A bare date with a time of day: a row is an event, not the record it names."""
    texts = {normalise_header(h) for h in headers}
    return bool(
        texts & {"date", "day", "visit date", "appointment date"}
        and texts
        & {"start", "start time", "time", "end time", "from", "arrival window", "time slot"}
    )
