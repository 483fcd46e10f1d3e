"""In which field of which record each column should arrive, derived from the declarations.

Column → clean field stands in the cleaning declarations (`columns`), clean field → target field in
the confirmed map, what a builder derives or joins beside it in the catalog. Belongs
here: putting these together as `Path`s. Does not: the records of one row (`holders`), looking
whether a cell is there (`witness`).
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from functools import cache

from flitstack_pipeline.catalog import targets as t
from flitstack_pipeline.catalog.clean import BY_DATASET
from flitstack_pipeline.catalog.source import BY_KEY, JOINED_INTO, PARTS
from flitstack_pipeline.cleaning.values.parsers import PARSERS
from flitstack_pipeline.ledger.columns import Source, fields_of
from flitstack_pipeline.ledger.known import named_kind
from flitstack_pipeline.mapping.document import FieldEntry, MapDocument

#: How the value of each parser is read again by the witness.
KIND_OF_PARSER = {
    "date": "date:{order}", "time": "time", "money": "number:{sign}", "quantity": "number:{sign}",
    "rate": "number:{sign}", "phones": "phone", "emails": "email", "name": "name",
    "address": "address", "line": "address",
    "words": "list", "people": "list", "numbers": "id", "status": "word",
    "record_type": "record_kind", "done": "done",
}  # fmt: skip
#: `{order}` and `{sign}` stand for what the file's cells say; `{mdy}` and `{dmy}` for that, else
#: for the order that the confirmed map names.
KIND_OF_TRANSFORM = {
    "money": "number:{sign}", "number": "number:{sign}", "rate": "number:{sign}",
    "date": "date:{order}", "moment": "date:{order}",
    "date_mdy": "date:{mdy}", "date_dmy": "date:{dmy}", "yes_no": "yes_no", "choice": "word",
    "multi": "list", "list": "list", "joined": "list",
}  # fmt: skip
#: A date and the time beside it, read as one: each of them is read alone as well, and by that they
#: are looked for; where both make another day, the cells are kept as text.
BESIDE = "date_time"
#: Parsers that read several columns into several fields: their fields are looked at together.
TOGETHER = ("name", "phones", "emails", "address")
PART_OF_ADDRESS = {"city": "cased", "state": "address:state", "zip": "address:zip",
                   "country": "address:country", "street": "in:address",
                   "street2": "in:address"}  # fmt: skip
#: Values of a parser that are there only sometimes.
_COMPANIONS = frozenset({"exact", "extension", "extra", "unit", "evidence", "business"})
#: Places of a row's records: its own, its parent's text, and what it leads to.
NEAR, KEY, PARENT, ALL, DEAL = "near", "key", "parent", "all", "deal"
#: The opportunity that an invoice is tied to: of its job, or made of it.
TIED = "tied"
#: The company that a contact is linked to.
COMPANY = "company"
#: Before the column that tells the kind of a record.
BY = "by "
#: Stands for the owner of a record among its fields.
OWNER = "owner"
#: Before the name of a word list that stands for the stages of the map.
STAGES = "stages of "
#: A name as written, needed where the names in the other fields do not give it back.
WRITTEN = "written"
#: Kinds of export whose records are merged into one another.
MERGING = frozenset({"clients", "leads"})
ARRIVED, LINKED, MERGED = "arrived", "linked", "merged"


@dataclass(frozen=True)
class Path:
    """One way of a column: the place, its fields, and how the value there is to be read.

    `sole` says that the field has no other column and the record no other row behind it: a value
    that says something else there, or none, contradicts; `filled` that none does; `timed` that
    none does where the cell has a time of day. `words` names the value map to be asked. `named` is
    the kind of record the cell names, or `by COLUMN` where another cell tells it: the path counts
    only where such a record is known.
    """

    column: str
    place: str
    labels: tuple[str, ...]
    kind: str
    sole: bool = False
    fate: str = ARRIVED
    words: str = ""
    filled: bool = False
    timed: bool = False
    named: str = ""

    @property
    def field(self) -> str:
        """How the field is named to a person."""
        return f"{self.place.removeprefix('custom_objects.')}: {' + '.join(self.labels)}"


def paths_of(
    dataset: str, document: MapDocument, present: Collection[str] | None = None
) -> list[Path]:
    """Every path of the columns of one dataset, as the map stands.

    Args:
        dataset: The kind of export.
        document: The confirmed map.
        present: The columns that hold anything; all that are known when None. A field made of one
            of them and of absent ones is that one's alone.
    """
    present = known_columns(dataset) if present is None else present
    found = [
        *_mapped(dataset, document, present),
        *_kept(dataset, document),
        *_joined(dataset, document),
        *_companies(dataset, document),
    ]
    found += [*_links(dataset), *_deal(dataset, document), *_owner(dataset, document)]
    return list(dict.fromkeys(found))


def known_columns(dataset: str) -> list[str]:
    """The canonical columns of a dataset."""
    return [c.name for c in BY_KEY[dataset].columns]


def _mapped(dataset: str, document: MapDocument, present: Collection[str]) -> Iterator[Path]:
    """Paths by the map's entries, those of one parser with several fields together."""
    together: dict[tuple[str, str], list[tuple[int, str]]] = defaultdict(list)
    columns: dict[tuple[str, str], set[str]] = defaultdict(set)
    for entry in document.entries(dataset):
        if entry.is_custom_column:
            yield _custom(entry)
            continue
        for field in _clean_fields(dataset, entry.source):
            sources = read_alone(dataset, field)
            for source in sources:
                if source.parser in TOGETHER and source.parser != sources[0].parser:
                    continue  # only there when the field's own columns say nothing
                if source.parser in TOGETHER:
                    place = (source.parser, entry.target)
                    together[place].append((_rank(source), entry.field))
                    columns[place].add(source.column)
                if source.parser not in TOGETHER or source.column in PART_OF_ADDRESS:
                    yield from _direct(dataset, entry, field, source, present)
    for (parser, target), labels in together.items():
        if parser == "address":  # a phone number in it goes to the phones
            labels = sorted(labels) + [
                (len(labels) + rank, label)
                for rank, label in sorted(together.get(("phones", target), []))
            ]
        ordered = tuple(dict.fromkeys(label for _, label in sorted(labels)))
        for column in sorted(columns[parser, target] & set(PARSERS[parser].cells)):
            if column not in PART_OF_ADDRESS:
                kind = (
                    "in:name" if column in ("first_name", "last_name") else KIND_OF_PARSER[parser]
                )
                yield Path(
                    column,
                    target,
                    ordered,
                    kind,
                    sole=len(labels) > 1 and column in ("email", "address"),
                )
    yield from _first_ones(dataset, document, present)
    yield from _written_names(dataset, document)


def _first_ones(dataset: str, document: MapDocument, present: Collection[str]) -> Iterator[Path]:
    """The field of the first phone or e-mail holds one of the cell, and no other text."""
    columns = {"email": "email", "phone": "phone" if "phone" in present else "mobile"}
    for entry in document.entries(dataset):
        if entry.source in columns and dataset in MERGING:
            kind = f"{KIND_OF_PARSER[f'{entry.source}s']}:one"
            yield Path(columns[entry.source], entry.target, (entry.field,), kind, sole=True)


def _written_names(dataset: str, document: MapDocument) -> Iterator[Path]:
    """A name that first and last name do not give back is kept as written."""
    entries = {e.source: e.field for e in document.entries(dataset) if e.target == t.CONTACT}
    labels = tuple(entries.get(s, "") for s in ("original_name", "first_name", "last_name"))
    if dataset in MERGING and all(labels):
        yield Path("name", t.CONTACT, labels, WRITTEN, sole=True)


def _companies(dataset: str, document: MapDocument) -> Iterator[Path]:
    """A business has a company to which its contact is linked."""
    if dataset == "clients" and any(e.target == t.BUSINESS for e in document.entries(dataset)):
        yield Path("business_name", COMPANY, ("name",), "name", filled=True)


def _rank(source: Source) -> int:
    """The place of a value among those of its parser."""
    shape = list(PARSERS[source.parser].shape)
    return shape.index(source.value) if source.value in shape else len(shape)


def _clean_fields(dataset: str, source: str) -> tuple[str, ...]:
    derived = t.DERIVED.get(dataset, {})
    return derived.get(source, (source,))


def read_alone(dataset: str, field: str) -> list[Source]:
    """The columns of a clean field, each as it is read by itself."""
    return [s for s in fields_of(dataset).get(field, ()) if s.parser != BESIDE]


def _direct(
    dataset: str, entry: FieldEntry, field: str, source: Source, present: Collection[str]
) -> Iterator[Path]:
    """The path of one column into one field."""
    sources = fields_of(dataset)[field]
    if field == "source_key":
        yield Path(source.column, entry.target, (entry.field,), "id", fate=LINKED)
        return
    kind = _kind(entry, source, field)
    if source.parser == "address":
        own = {"city": "city", "state": "state", "zip": "postal_code", "country": "country",
               "street": "street", "street2": "street"}  # fmt: skip
        if own[source.column] != source.value:
            return
        kind = PART_OF_ADDRESS[source.column]
    derived = t.DERIVED.get(dataset, {}).get(entry.source, (field,))
    rivals = {s.column for s in sources} & {*present} - {source.column}
    if source.parser == "address":
        rivals &= {"address", "street2"}
    timed = source.value == "exact"
    twins = {s.column for d in derived for s in fields_of(dataset).get(d, ())} == {source.column}
    alone = not rivals and (derived == (field,) or twins)
    sole = alone and (timed or source.value not in _COMPANIONS)
    words = f"{dataset}.{entry.source}" if entry.transform == "choice" else ""
    if _is_reference(field):
        kind, sole = "id", False
    if entry.source == "display_name" and field == "number":
        kind = "numbered"
    if len(derived) > 1 and twins:
        kind = "word"
    labels, filled = (entry.field,), _is_reference(field)
    yield Path(source.column, entry.target, labels, kind, sole, ARRIVED, words, filled, timed)


def _kind(entry: FieldEntry, source: Source, field: str) -> str:
    if source.parser:
        return KIND_OF_PARSER.get(source.parser, "text")
    if entry.transform in ("choice", "yes_no"):
        return KIND_OF_TRANSFORM[entry.transform]
    return {"website": "url", "number": "document"}.get(field, "text")


def _custom(entry: FieldEntry) -> Path:
    kind = KIND_OF_TRANSFORM.get(entry.transform, "text")
    words = f"{entry.dataset}.{entry.source}" if entry.transform in ("choice", "multi") else ""
    timed = entry.transform == "moment"
    label = (entry.field,)
    return Path(entry.source, entry.target, label, kind, sole=True, words=words, timed=timed)


def _kept(dataset: str, document: MapDocument) -> Iterator[Path]:
    """What fits no field as it stands arrives in a text that keeps it: paths of every column."""
    for entry in document.entries(dataset):
        if entry.source not in ("originals", "merged_values"):
            continue
        fate = MERGED if entry.source == "merged_values" else ARRIVED
        labels = dict.fromkeys((entry.field, t.ORIGINALS) if fate == ARRIVED else (entry.field,))
        kind = "kept" if fate == ARRIVED else "{own}"
        for column in [*known_columns(dataset), "custom:*"]:
            for label in labels:
                yield Path(column, entry.target, (label,), f"in:{kind}", fate=fate)


def _joined(dataset: str, document: MapDocument) -> Iterator[Path]:
    """Columns whose row is a line in a text of its parent."""
    if dataset not in JOINED_INTO:
        return
    parent, derived = JOINED_INTO[dataset]
    for entry in document.entries(parent):
        if entry.source == derived:
            for column in [*known_columns(dataset), "custom:*"]:
                kind = "in:text" if column == "custom:*" else f"in:{own_kind(dataset, column)}"
                yield Path(column, f"{PARENT}:{entry.target}", (entry.field,), kind)


def _links(dataset: str) -> Iterator[Path]:
    """Columns that name another record, or the workspace: witnessed by what they lead to."""
    for field, sources in fields_of(dataset).items():
        if field == "source_key":
            for source in sources:
                yield Path(source.column, KEY, ("source key",), "id", fate=LINKED)
                if dataset in MERGING:
                    yield Path(source.column, NEAR, ("merged into",), "id", fate=LINKED)
        elif _is_reference(field):
            kind = "name" if field == "client_name" else "id"
            named = named_kind(dataset, field)
            if field == "record_ref":
                named = f"{BY}{fields_of(dataset)['record_type'][0].column}"
            for source in sources:
                path = Path(source.column, NEAR, ("linked record",), kind, fate=LINKED)
                yield path
                if named:
                    yield replace(path, sole=True, named=named)
        elif field == "record_type":
            yield Path(sources[0].column, NEAR, ("linked record",), "record_kind", fate=LINKED)
        elif field == "converted":
            column = sources[0].column
            yield Path(column, KEY, ("source key",), "converted", fate=LINKED)
            yield Path(column, t.CONTACT, (t.ORIGINALS,), "converted:kept")
    if "workspace" in known_columns(dataset):
        yield Path("workspace", KEY, ("source key",), "id", fate=LINKED)


def _deal(dataset: str, document: MapDocument) -> Iterator[Path]:
    """What an opportunity of its own shows of a document: name, value, stage and status."""
    if dataset not in document.stages:
        return
    fields = fields_of(dataset)
    if dataset == "invoices":
        yield Path("invoice_number", TIED, ("opportunity",), "id", fate=LINKED, filled=True)
    for source in fields.get("title", ()):
        yield Path(source.column, DEAL, ("name",), "text", filled=True)
    for source in fields["total" if "total" in fields else "amount"]:
        yield Path(source.column, DEAL, ("monetaryValue",), "number:{sign}", sole=True)
    for source in fields.get("status_text", ()):
        for label in ("stage", "status"):
            words = f"{STAGES}{dataset}.{label}"
            yield Path(source.column, DEAL, (label,), "stage", sole=True, fate=LINKED, words=words)


def _owner(dataset: str, document: MapDocument) -> Iterator[Path]:
    """The team member who owns the record: the first of the cell that HighLevel may know."""
    targets = {e.target for e in document.entries(dataset) if e.source == "assigned_to"}
    for target in sorted(targets):
        for source in fields_of(dataset).get("assigned_to", ()):
            yield Path(source.column, target, (OWNER,), "owner", sole=True, fate=LINKED)


def _is_reference(field: str) -> bool:
    return bool(re.search(r"_refs?$", field)) or field in (
        "client_name", *(key for key, _, _ in PARTS.values())
    )  # fmt: skip


@cache
def own_kind(dataset: str, column: str) -> str:
    """How a column is read by itself, whatever field it goes to."""
    if dataset not in BY_DATASET:  # a kind of which nothing is moved has no clean table
        return "text"
    for field, sources in fields_of(dataset).items():
        for source in sources:
            if source.column == column and field != "source_key" and source.parser != BESIDE:
                if source.parser:
                    return KIND_OF_PARSER.get(source.parser, "text")
                if _is_reference(field):
                    return "id"
    booleans = {f.name for f in BY_DATASET[dataset].fields if f.type == "BOOLEAN"}
    return "yes_no" if column in booleans else "text"
