"""Reading a header as people do: what it is, whose, which sort, which one of several.

`Billing Street 2` is the second street line of the billing address; `hs_lead_status` the status of
a person; `numberofemployees` the number of employees. Belongs here: header → `Meaning`. Does not:
the words themselves (`mapping.vocabulary`), comparing two headers (`mapping.matcher`).
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache

from flitstack_pipeline.mapping.vocabulary import (
    ABBREVIATIONS,
    ALONE,
    DATE_WORDS,
    ENTITIES,
    FILLERS,
    HEADS,
    KINDS,
    OTHER_WORDS,
    PHRASES,
    PLACES,
    SYSTEM_PREFIXES,
    TELLS,
    word_set,
)

#: Heads that mean something else for another object: a name of a person, a number of an invoice.
NEEDS_ENTITY = word_set(
    "name number id status total date type title description notes source amount created updated "
    "externalid value stage email phone start end score rating priority owner"
)
_WHOLE = {"first": "firstname", "last": "lastname", "middle": "middlename", "tech": "technician"}


@dataclass(frozen=True)
class Meaning:
    """What a header says: head (what it is), entity (whose), kind (which sort), place (which).

    `rest` are words nobody knows; `assumed` says that the entity was told by the list, not by the
    header; `time` that the header speaks of a time of day.
    """

    words: tuple[str, ...]
    head: str = ""
    entity: str = ""
    kinds: frozenset[str] = frozenset()
    place: int = 0
    rest: frozenset[str] = frozenset()
    dated: bool = False
    time: bool = False
    assumed: bool = False

    @property
    def phrase(self) -> str:
        """Its words, in order."""
        return " ".join(self.words)

    @property
    def in_words(self) -> str:
        """How evidence names it: `billing street`."""
        whose = self.entity if not self.assumed else ""
        parts = [*sorted(self.kinds), whose, readable(self.head)]
        place = f" {self.place}" if self.place > 1 else ""
        return " ".join(p for p in parts if p) + place


@lru_cache(maxsize=20_000)
def words_of(name: str) -> tuple[str, ...]:
    """The words of a header: glued ones taken apart, abbreviations and phrases put plainly."""
    found: list[str] = []
    for word in _pieces(name):
        plain = ABBREVIATIONS.get(word)
        if plain is None:
            single = _singular(word)
            plain = ABBREVIATIONS.get(single, single)
        found += plain.split() if plain in _known_words() else _segmented(plain)
    if len(found) > 1:
        found = ["employee" if word == "employees" else word for word in found]
    found = _without_system_prefix([w for i, w in enumerate(found) if i == 0 or w != found[i - 1]])
    if len(found) == 1 and found[0] in _WHOLE:
        return (_WHOLE[found[0]],)
    replaced = _phrases(found)
    kept = [
        w
        for i, w in enumerate(replaced)
        if w not in FILLERS and not (w == "number" and i and replaced[i - 1] in ("phone", "fax"))
    ]
    kept = kept or replaced
    return tuple(w for i, w in enumerate(kept) if i == 0 or w != kept[i - 1])


def _pieces(name: str) -> list[str]:
    """Lower-case words as written: split at marks, camel case and digits, accents dropped."""
    text = unicodedata.normalize("NFKD", name)
    text = "".join(c for c in text if not unicodedata.combining(c))
    text = re.sub(r"__?c$|__pc$", "", text.strip().rstrip("*: "))
    text = re.sub(r"'s\b|’s\b", "", text)
    text = re.sub(r"(?i)\be-?mail(?=s?\b|[A-Z_])", "email", text)
    text = text.replace("#", " # ").replace("%", " % ")
    text = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", text)
    text = re.sub(r"(?<=[a-zA-Z])(?=\d)|(?<=\d)(?=[a-zA-Z]{2})", " ", text)
    text = re.sub(r"^(?:custom_objects?|properties|fields?)\.", "", text)
    text = re.sub(r"line[\s_-]*items(?![a-z])", "lineitems", text.lower())
    return re.findall(r"[^\W_]+|#|%", text)


def _without_system_prefix(words: list[str]) -> list[str]:
    for prefix in sorted(SYSTEM_PREFIXES, key=len, reverse=True):
        parts = prefix.split()
        if len(words) > len(parts) and words[: len(parts)] == parts:
            return words[len(parts) :]
    return words


@cache
def _known_words() -> frozenset[str]:
    words = {w for phrase in PHRASES for w in phrase.split()}
    words |= {w for phrase in PHRASES.values() for w in phrase.split()}
    words |= {w for phrase in ABBREVIATIONS.values() for w in phrase.split()}
    known = {*words, *HEADS, *ENTITIES, *KINDS, *PLACES, *DATE_WORDS, *OTHER_WORDS, *FILLERS}
    return frozenset(known | set(ABBREVIATIONS.values()))


@cache
def _parts_of_words() -> frozenset[str]:
    """Words a glued header may be made of: long enough not to be found by accident."""
    short = {"id", "no", "of", "by", "to", "at", "on", "tax", "due", "zip", "job", "day", "url"}
    return frozenset(w for w in _known_words() if " " not in w and (len(w) >= 4 or w in short))


def _singular(word: str) -> str:
    if word in _known_words() or len(word) < 4 or word.endswith(("ss", "us", "is")):
        return word
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("sses", "xes", "ches")):
        return word[:-2]
    return word[:-1] if word.endswith("s") else word


@lru_cache(maxsize=20_000)
def _split_glued(word: str) -> tuple[str, ...]:
    """A glued word in the fewest known parts, empty when it has none: `lastmodifieddate`."""
    best: list[tuple[str, ...] | None] = [()] + [None] * len(word)
    parts = _parts_of_words()
    for end in range(1, len(word) + 1):
        for start in range(max(0, end - 16), end):
            before = best[start]
            if before is None or word[start:end] not in parts:
                continue
            here = (*before, word[start:end])
            known = best[end]
            if known is None or len(here) < len(known):
                best[end] = here
    return best[len(word)] or ()


def _segmented(word: str) -> list[str]:
    if len(word) < 6 or not word.isalpha():
        return word.split()
    parts = _split_glued(word)
    if not parts and word.endswith("s"):
        parts = _split_glued(word[:-1])
    return [w for part in parts for w in ABBREVIATIONS.get(part, part).split()] or word.split()


@cache
def _longest_phrase() -> int:
    return max(len(p.split()) for p in PHRASES)


def _phrases(words: Sequence[str]) -> list[str]:
    """Phrases replaced from the left, the longest first, with fillers between them forgiven."""
    for candidate in (list(words), [w for w in words if w not in FILLERS]):
        out: list[str] = []
        at, changed = 0, False
        while at < len(candidate):
            for size in range(min(_longest_phrase(), len(candidate) - at), 0, -1):
                phrase = " ".join(candidate[at : at + size])
                if phrase in PHRASES:
                    out += PHRASES[phrase].split()
                    at, changed = at + size, True
                    break
            else:
                out.append(candidate[at])
                at += 1
        if changed:
            return out
    return list(words)


@lru_cache(maxsize=20_000)
def meaning_of(name: str) -> Meaning:
    """What a header says by itself."""
    words = words_of(name)
    heads = [w for w in words if w in HEADS and w not in DATE_WORDS]
    entities = [ENTITIES[w] for w in words if w in ENTITIES]
    kinds = frozenset(KINDS[w] for w in words if w in KINDS)
    place = next((PLACES[w] for w in words if w in PLACES), 0)
    dated = any(w in DATE_WORDS for w in words)
    entity = _whose(entities)
    if len(heads) > 1 and heads[-1] in ("name", "value"):  # `Lost Reason Name` is a reason
        heads.pop()
    head = heads[-1] if heads else ""
    if not head and dated:
        head = "date"
    known = {*DATE_WORDS, *KINDS, *PLACES, *ENTITIES, head}
    rest = frozenset(w for w in words if w not in known)
    if not (head or rest or _is_question(name) or words == ("lead",)):
        head = ALONE.get(entity, "")
    found = Meaning(
        words, head, entity, kinds, place, rest, dated, time=_says_time(words, head)
    )  # fmt: skip
    return _settled(found)


def _whose(entities: Sequence[str]) -> str:
    """The entity that matters: `Lead Owner` is an owner, `Customer Invoice Number` an invoice's."""
    if "owner" in entities:
        return "owner"
    return entities[-1] if entities else ""


@cache
def readable(head: str) -> str:
    """A head as people write it: `firstname` → `first name`."""
    spelled = (
        p
        for p, plain in PHRASES.items()
        if plain == head and p.replace(" ", "") == head and len(p.split()[0]) > 1
    )
    return next(spelled, head)


def described_as(name: str, description: str) -> Meaning:
    """The meaning of a header whose name says nothing (`Fld_1`) but whose description does."""
    found = meaning_of(name)
    if found.head or not description or len(description.split()) > 12:
        return found
    told = meaning_of(description)
    if not told.head:
        return found
    return replace(told, words=(*found.words, *told.words), rest=found.rest)


def _is_question(name: str) -> bool:
    """`Is Company?` asks something of the company and is not its name."""
    return _pieces(name)[:1] in (["is"], ["has"], ["receives"], ["allow"], ["send"])


def _says_time(words: Sequence[str], head: str) -> bool:
    return bool({"time", "timestamp", "datetime"} & set(words)) and head != "timezone"


def _settled(m: Meaning) -> Meaning:
    """Second street lines are a head of their own; `technician` alone is a head and an entity."""
    if m.head == "street" and m.place in (2, 3):
        m = replace(m, head=f"street{m.place}", place=0)
    elif m.head in ("street2", "street3") or m.place == 1:
        m = replace(m, place=0)
    if "other" in m.kinds and m.head in ("phone", "email", "fax"):
        m = replace(m, kinds=m.kinds - {"other"}, place=2)
    if m.head == "website" and m.entity in ("company", "person"):
        m = replace(m, entity="")
    return m


def list_entity(meanings: Iterable[Meaning]) -> str:
    """Which object a whole list of headers is about, or empty when it is about several."""
    votes: Counter[str] = Counter()
    for m in meanings:
        if m.head in TELLS:
            votes[TELLS[m.head]] += 2
        if m.entity in ("person", "company", "deal", "estimate", "invoice", "workorder", "item"):
            votes[m.entity] += 1
    ranked = votes.most_common(2)
    if not ranked or ranked[0][1] < 2:
        return ""
    runner_up = ranked[1][1] if len(ranked) > 1 else 0
    return ranked[0][0] if ranked[0][1] >= 1.3 * runner_up else ""


def meanings_of(names: Sequence[str], descriptions: Sequence[str] = ()) -> list[Meaning]:
    """The meanings of a list of headers, read together: a bare `Name` is the list's own."""
    about = [*descriptions, *("" for _ in names[len(descriptions) :])]
    found = [described_as(name, text) for name, text in zip(names, about, strict=True)]
    entity = list_entity(found)
    if not entity:
        return found
    heads = {m.head for m in found}
    return [_as_in_list(m, entity, heads) for m in found]


#: What a loose head means in a list about one object.
_IN_LIST = {
    ("deal", "amount"): "dealvalue", ("deal", "value"): "dealvalue",
    ("deal", "revenue"): "dealvalue", ("company", "revenue"): "annualrevenue",
    ("person", "revenue"): "annualrevenue", ("invoice", "amount"): "total",
    ("estimate", "amount"): "total", ("item", "amount"): "total", ("deal", "jobtitle"): "name",
    ("person", "title"): "jobtitle", ("company", "title"): "jobtitle",
    ("deal", "title"): "name", ("deal", "subject"): "name", ("item", "title"): "name",
}  # fmt: skip


def _as_in_list(m: Meaning, entity: str, heads: set[str]) -> Meaning:
    """A header read with its neighbours: `Title` beside `Job Title` is Mr or Mrs."""
    if m.head == "title" and entity == "person" and "jobtitle" in heads:
        return replace(m, head="salutation")
    own = not m.entity or m.entity == entity
    head = _IN_LIST.get((entity, m.head), m.head) if own else m.head
    if not m.entity and head in NEEDS_ENTITY:
        return replace(m, head=head, entity=entity, assumed=True)
    return replace(m, head=head)
