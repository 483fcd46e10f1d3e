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
    PREPOSITIONS,
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
_ON_PAPER = word_set("not direct postal snail no bulk")
_BESIDE = word_set("emergency spouse assistant vendor parent tenant landlord manager insurance")
#: Words whose reading is a guess when they stand alone: a label is a tag, or a name.
_LOOSE = word_set(
    "label group segment class market detail charge count document position zone channel measure "
    "board process flag called works available media role brief each net role step floor room"
)

_CONTACT_POINTS = word_set("email phone fax street")
_ADDRESS_KINDS = word_set("billing shipping mailing service")
_ADDRESS_PARTS = word_set("street street2 street3 city state postalcode country county")
#: What is an amount, a rate or the name of one, when nothing else is said.
_AMOUNT_OR_RATE = word_set("tax discount")
#: What a permission is about; of two channels one says nothing of the other.
_CHANNELS = word_set("email phone sms mail fax")
_PERMISSIONS = word_set("optin optout")


@dataclass(frozen=True)
class Meaning:
    """What a header says: head (what it is), entity (whose), kind (which sort), place (which).

    `rest` are words nobody knows, `behind` those of them that stand behind the head in its phrase;
    `assumed` says that the entity was told by the list, not by the
    header; `time` that the header speaks of a time of day; `loose` are its words that could as
    well mean something else.
    """

    words: tuple[str, ...]
    head: str = ""
    entity: str = ""
    kinds: frozenset[str] = frozenset()
    place: int = 0
    rest: frozenset[str] = frozenset()
    behind: frozenset[str] = frozenset()
    dated: bool = False
    time: bool = False
    assumed: bool = False
    loose: frozenset[str] = frozenset()
    question: bool = False

    @property
    def open_reading(self) -> bool:
        """Whether its head has two readings even beside a header of the same words."""
        return not self.loose.isdisjoint(("title", *_AMOUNT_OR_RATE))

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


def words_of(name: str) -> tuple[str, ...]:
    """The words of a header: glued ones taken apart, abbreviations and phrases put plainly."""
    tokens = _tokens(name)
    kept = [
        w
        for i, w in enumerate(tokens)
        if w not in FILLERS and not (w == "number" and i and tokens[i - 1] in ("phone", "fax"))
    ]
    kept = kept or list(tokens)
    return tuple(w for i, w in enumerate(kept) if i == 0 or w != kept[i - 1])


@lru_cache(maxsize=20_000)
def _tokens(name: str) -> tuple[str, ...]:
    """The words of a header in order, prepositions among them."""
    found: list[str] = []
    pieces = _pieces(name)
    for at, word in enumerate(pieces):
        plain = ABBREVIATIONS.get(word)
        if word == "mail" and pieces[:at] and pieces[at - 1] in _ON_PAPER:
            plain = word  # `Do Not Mail` is about letters
        if plain is None:
            single = _singular(word)
            plain = ABBREVIATIONS.get(single, single)
        found += plain.split() if plain in _known_words() else _segmented(plain)
    if len(found) > 1:
        found = ["employee" if word == "employees" else word for word in found]
    found = _without_system_prefix([w for i, w in enumerate(found) if i == 0 or w != found[i - 1]])
    if found and found[-1] in _WHOLE and all(ENTITIES.get(w) == "person" for w in found[:-1]):
        found[-1] = _WHOLE[found[-1]]  # `Client First`
    found = _without_value(found)
    if found[:1] == ["how"] and not {"hear", "heard", "find", "found"}.isdisjoint(found):
        return ("source",)
    return tuple(_phrases(_so_far(_turned(_number_behind(_without_group(found))))))


def _without_value(words: list[str]) -> list[str]:
    """`phone 1 value` is the phone itself, beside `phone 1 type`."""
    named = [w for w in words[:-1] if not w.isdigit()]
    is_value = words[-1:] == ["value"] and named and named[-1] in (*_CONTACT_POINTS, "website")
    return words[:-1] if is_value else words


def _without_group(words: list[str]) -> list[str]:
    """`address 1 phone number` is a phone of the first group of columns, no address."""
    if words[:1] != ["address"] or len(words) < 3 or not words[1].isdigit():
        return words
    rest = words[2:]
    parts = {"line", "street", "city", "state", "postal", "region", "country", "extended", "code"}
    return words if not parts.isdisjoint(rest) and rest[0] != "line" else rest


def _turned(words: list[str]) -> list[str]:
    """`state of payment` as `payment state`, unless the phrase is known as it stands."""
    at = words.index("of") if "of" in words[1:-1] else 0
    if not at or any(phrase in " ".join(words) for phrase in _phrases_of()):
        return words
    behind = [w for w in words[at + 1 :] if w != "the"]
    until = next((i for i, w in enumerate(behind) if w in PREPOSITIONS), len(behind))
    return [*behind[:until], *words[:at], *behind[until:]]


def _so_far(words: list[str]) -> list[str]:
    """`cost to date` is a sum of what has been, not the cost; `to date` alone is an end."""
    if len(words) < 3 or words[-2:] != ["to", "date"] or " ".join(words[-3:]) in PHRASES:
        return words
    return [*(w for w in words[:-2] if w != "year"), "todate"]


@cache
def _phrases_of() -> frozenset[str]:
    return frozenset(phrase for phrase in PHRASES if " of " in phrase)


def _number_behind(words: list[str]) -> list[str]:
    """`email 2 address` as `email address 2`: a number does not part a phrase."""
    out = list(words)
    for i in range(1, len(out) - 1):
        if out[i].isdigit() and f"{out[i - 1]} {out[i + 1]}" in PHRASES:
            out[i], out[i + 1] = out[i + 1], out[i]
    return out


def _pieces(name: str) -> list[str]:
    """Lower-case words as written: split at marks, camel case and digits, accents dropped."""
    text = unicodedata.normalize("NFKD", name)
    text = "".join(c for c in text if not unicodedata.combining(c))
    text = re.sub(r"__?c$|__pc$", "", text.strip().rstrip("*: "))
    text = re.sub(r"'s\b|’s\b", "", text)
    text = re.sub(r"(?i)\be-?mail(?=s?\b|[A-Z_])", "email", text)
    text = re.sub(r"\b([A-Za-z])\.\s?([A-Za-z])\.(?:\s?([A-Za-z])\.)?", r"\1\2\3", text)
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


def unknown_share(meanings: Sequence[Meaning]) -> float:
    """The share of a list's words that the vocabulary does not have: how foreign its domain is."""
    known = _known_words()
    words = [w for m in meanings for w in m.words if not w.isdigit()]
    return sum(w not in known for w in words) / len(words) if words else 0.0


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
    phrase = _head_phrase(name)
    asks = _is_question(name)
    heads = [w for w in phrase if w in HEADS and w not in DATE_WORDS]
    entities = [ENTITIES[w] for w in words if w in ENTITIES]
    kinds = frozenset(KINDS[w] for w in words if w in KINDS)
    place = max((PLACES[w] for w in words if w in PLACES), default=0)
    dated = any(w in DATE_WORDS for w in words)
    entity = _whose(entities)
    if len(heads) > 1 and heads[-1] in ("name", "value") and heads[-2] not in _CONTACT_POINTS:
        # `Lost Reason Name` is a reason, `Email Display Name` a name
        heads.pop()
    head = heads[-1] if heads else ""
    if not head and dated:
        head = "date"
    known = {*DATE_WORDS, *KINDS, *PLACES, *ENTITIES, head}
    rest = frozenset(w for w in words if w not in known and w not in PREPOSITIONS)
    if head in _PERMISSIONS:
        kinds, rest = kinds | (rest & _CHANNELS), rest - _CHANNELS
    elif head in (*_ADDRESS_PARTS, *_CONTACT_POINTS):
        rest -= {"street"}  # `Billing Address City`
    if not (head or rest or asks or words == ("lead",)):
        head = ALONE.get(entity, "")
    behind = _behind(phrase, head, rest)
    found = Meaning(
        words, head, entity, kinds, place, rest, behind, dated, time=_says_time(words, head),
        loose=frozenset(_singular(w) for w in _pieces(name)) & _LOOSE | _unsaid(words),
        question=asks,
    )  # fmt: skip
    return _settled(found)


def _unsaid(words: Sequence[str]) -> frozenset[str]:
    """What a header leaves open: `Tax` is an amount or a rate."""
    return frozenset(words) & _AMOUNT_OR_RATE if len(words) == 1 else frozenset()


def _head_phrase(name: str) -> tuple[str, ...]:
    """The words before a preposition, which hold the head: `Total Price With Tax` is a total.

    A preposition that ends the header, or begins it, parts nothing.
    """
    tokens = _tokens(name)
    at = next((i for i, w in enumerate(tokens) if i and w in PREPOSITIONS), len(tokens))
    before = tuple(w for w in tokens[:at] if w not in FILLERS)
    return before if before and at < len(tokens) - 1 else words_of(name)


def _behind(phrase: Sequence[str], head: str, rest: frozenset[str]) -> frozenset[str]:
    """Unknown words behind the head: `Low Stock Level` is a level."""
    if head not in phrase:
        return frozenset()
    at = len(phrase) - 1 - list(phrase)[::-1].index(head)
    return frozenset(phrase[at + 1 :]) & rest


def _whose(entities: Sequence[str]) -> str:
    """The entity that matters: `Lead Owner` is an owner, `Customer Invoice Number` an invoice's."""
    if "owner" in entities:
        return "owner"
    beside = [e for e in entities if e in _BESIDE]
    if beside and entities[-1] in ("person", "company"):
        return beside[-1]  # `Emergency Contact Name` is not the contact's
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
    return replace(told, words=(*found.words, *told.words), rest=frozenset())


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
    if not m.head and not m.rest and m.kinds == {"billing"}:
        m = replace(m, head="name")  # `Bill To`
    if m.head in _ADDRESS_PARTS and m.entity in ("deal", "visit", "workorder"):
        m = replace(m, entity="", kinds=m.kinds | {"service"})  # `Job Address`
    if m.entity == "owner" and m.head in ("firstname", "lastname"):
        m = replace(m, head="name")
    if m.head == "name" and not m.entity and m.kinds & _ADDRESS_KINDS:
        m = replace(m, entity="person", assumed=True)
    if m.head == "website" and m.entity in ("company", "person"):
        m = replace(m, entity="")
    return m


def list_entity(meanings: Iterable[Meaning]) -> str:
    """Which object a whole list of headers is about, or empty when it is about several."""
    votes: Counter[str] = Counter()
    for m in meanings:
        if m.head in TELLS:
            votes[TELLS[m.head]] += 2
        if m.entity in ("technician", "visit", "workorder"):
            votes["deal"] += 1
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
    ("deal", "amount"): "dealvalue", ("deal", "value"): "dealvalue", ("deal", "total"): "dealvalue",
    ("deal", "revenue"): "dealvalue", ("company", "revenue"): "annualrevenue",
    ("person", "revenue"): "annualrevenue", ("invoice", "amount"): "total",
    ("estimate", "amount"): "total", ("item", "amount"): "total", ("deal", "jobtitle"): "name",
    ("person", "title"): "jobtitle", ("company", "title"): "jobtitle",
    ("deal", "title"): "name", ("deal", "subject"): "name", ("item", "title"): "name",
}  # fmt: skip


def _as_in_list(m: Meaning, entity: str, heads: set[str]) -> Meaning:
    """A header read with its neighbours: `Title` beside `Job Title` is Mr or Mrs."""
    if m.head == "title" and entity == "person":
        if "jobtitle" in heads:
            return replace(m, head="salutation")
        if m.entity == "company":
            return replace(m, head="jobtitle", entity="")  # `Organization Title`
        m = replace(m, loose=m.loose | {"title"})  # Mr or Mrs, or the position
    if entity == "deal" and m.entity == "person" and "lead" in m.words:
        m = replace(m, entity=entity, assumed=True)  # many CRMs call a deal a lead
    own = not m.entity or m.entity == entity
    head = _IN_LIST.get((entity, m.head), m.head) if own else m.head
    if not m.entity and head in NEEDS_ENTITY:
        return replace(m, head=head, entity=entity, assumed=True)
    return replace(m, head=head)
