"""Compares everything HighLevel holds with everything that was meant: fields, links, money, extras.

Read back page by page and compared as it comes, keyed by HighLevel id through the id map, never by
position; memory stays flat. The sample's verification is the same comparison over fewer records.
What does not belong here: reading (readback.py), the store (expected_records.py), documents
(reports/).
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal, InvalidOperation
from typing import Any

from flitstack_pipeline.catalog import targets as t
from flitstack_pipeline.catalog.declared import RECORDS
from flitstack_pipeline.catalog.objects import KEYS
from flitstack_pipeline.migration.compare import (
    FieldDiff,
    Verdict,
    compare_record,
    compare_value,
    flatten,
)
from flitstack_pipeline.migration.expected_records import (
    FOUND,
    PLANNED,
    Planned,
    PlannedRecords,
    contact_key_of,
)
from flitstack_pipeline.migration.record_types.base import Found
from flitstack_pipeline.migration.refused_values import is_kept_beside

LISTED = 5_000
CHUNK = 500
OWNER_CHOSEN = "the map gives this team member's records to another HighLevel user"
OWNER_SHARED = "HighLevel keeps the owner of a contact and of its opportunities the same"
UNMATCHED_OWNER = "the team member has no HighLevel user"
KEPT = "edited in HighLevel and kept"
LEFT_BEHIND = "cannot be moved, as a person acknowledged"
KEPT_ASIDE = "another contact has it, and HighLevel allows it once: kept in Original_Values__c"
TAGS_ADDED = "further tags in HighLevel"
BAD = (Verdict.DIFFERENT, Verdict.MISSING)

#: The money measures of the accounts-receivable check, per client.
RECEIVABLES = {
    "jobs": ("opportunity", "monetaryValue"),
    "invoiced": (t.INVOICE, "Total__c"),
    "paid": (t.INVOICE, "Amount_Paid__c"),
    "unpaid": (t.INVOICE, "Balance__c"),
}
#: The link that says whose invoice it is.
BILLED = "contact_invoice"
STATUS_FIELDS = {
    **{o.target: c.to for o in RECORDS for c in o.main.columns if c.words},
    t.ESTIMATE: "Estimate_Status__c",
}

Sink = Callable[[Planned, FieldDiff], None]
Users = Mapping[str, Mapping[str, str]]
Known = Callable[[str, list[str]], Mapping[str, str]]


@dataclass
class Reconciliation:
    """What was compared and what does not agree; lists are cut at `LISTED`, counts are not."""

    by_object: dict[str, dict[str, int]] = field(default_factory=dict)
    verdicts: dict[str, int] = field(default_factory=dict)
    rules: dict[str, int] = field(default_factory=dict)
    diffs: list[FieldDiff] = field(default_factory=list)
    by_rule: list[FieldDiff] = field(default_factory=list)
    missing: list[dict[str, Any]] = field(default_factory=list)
    extra: list[dict[str, Any]] = field(default_factory=list)
    explained: list[dict[str, Any]] = field(default_factory=list)
    before: dict[str, int] = field(default_factory=dict)
    statuses: list[dict[str, Any]] = field(default_factory=list)
    owners: list[dict[str, Any]] = field(default_factory=list)
    links: dict[str, dict[str, int]] = field(default_factory=dict)
    files: dict[str, int] = field(default_factory=dict)
    sums: list[dict[str, Any]] = field(default_factory=list)
    receivables: list[dict[str, Any]] = field(default_factory=list)
    orphans: list[dict[str, Any]] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    requests: dict[str, Any] = field(default_factory=dict)

    @property
    def good(self) -> bool:
        """Whether everything agrees."""
        return not any(self.counts.values())

    @property
    def problems(self) -> list[str]:
        """What must be looked at, worst first."""
        found = [f"{m['record']} is not in HighLevel: {m['why']}" for m in self.missing]
        found += [
            f"{e['kind']} “{e['label'] or e['hl_id']}” is in HighLevel but nobody planned it: "
            f"{e['why']}"
            for e in self.extra
        ]
        found += [
            f"{d.record_key}, {d.field}: meant {_short(d.expected)}, found {_short(d.found)}"
            for d in self.diffs
        ]
        found += [
            f"{s['measure']}: planned {s['planned']}, found {s['found']}"
            for s in self.sums
            if Decimal(s["difference"])
        ]
        found += [
            f"“{r['client']}”, {r['measure']}: planned {r['planned']}, found {r['found']}"
            for r in self.receivables
            if Decimal(r["difference"])
        ]
        return found


def reconcile(
    planned: PlannedRecords,
    found: Iterable[Found],
    users: Users,
    *,
    known: Known | None = None,
    missing_parents: Iterable[Mapping[str, Any]] = (),
    whole: bool = True,
    sink: Sink | None = None,
    left_behind: Collection[str] = (),
) -> Reconciliation:
    """Compare planned records with what was read back.

    `found` is every record HighLevel holds of the planned kinds. `users`: the matched team members
    of each sub-account by its name in the map; an owner nobody matched is expected to be empty and
    counted as changed by that rule. `known` explains unplanned ids of one kind (id to reason).
    Without `whole` only the planned records are of interest, and nothing is called extra. `sink`
    gets every comparison, same ones included. `left_behind`: keys of records that cannot be moved,
    as a person acknowledged; that they are missing is told, and no problem.
    """
    comparison = _Comparison(planned, users, known or (lambda kind, ids: {}), sink)
    comparison.left_behind = frozenset(left_behind)
    iterator = iter(found)
    while chunk := list(itertools.islice(iterator, CHUNK)):
        comparison.take(chunk)
    return comparison.finish(whole, missing_parents)


class _Comparison:
    def __init__(
        self, planned: PlannedRecords, users: Users, known: Known, sink: Sink | None
    ) -> None:
        self.planned, self.users, self.known, self.sink = planned, users, known, sink
        self.left_behind: frozenset[str] = frozenset()
        self.result = Reconciliation()
        self.verdicts: Counter[str] = Counter()
        self.rules: Counter[str] = Counter()
        self.counts: Counter[str] = Counter()
        self.links: dict[str, Counter[str]] = {}
        self.files: Counter[str] = Counter()
        self.statuses: dict[tuple[str, str], Counter[str]] = {}
        self.owners: dict[str, Counter[str]] = {}
        counts = planned.counts()
        for key in [k for k in KEYS if k in counts]:
            self.result.by_object[key] = {"planned": counts[key], "verified": 0, "wrong": 0}

    # --- as records come -----------------------------------------------------------------------

    def take(self, chunk: list[Found]) -> None:
        """Compare a chunk of records."""
        by_kind: dict[str, list[Found]] = {}
        for one in chunk:
            by_kind.setdefault(one.kind, []).append(one)
        for kind, several in by_kind.items():
            known = self.planned.all_of_ids(kind, [f.hl_id for f in several])
            ours = [(p, f) for f in several for p in _ours(kind, known.get(f.hl_id, []))]
            self._parents(ours)
            for planned, one in ours:
                self._compare(planned, one)
            self.planned.seen((_created(f), p.row.record_key) for p, f in ours)
            self._extra(kind, [f for f in several if f.hl_id not in known])

    def _parents(self, ours: list[tuple[Planned, Found]]) -> None:
        wanted = {p["record_key"] for planned, _ in ours for p in planned.row.parents}
        self.ids = self.planned.ids_of(wanted)
        holders = [f.details["record"] for p, f in ours if p.row.kind == "opportunity_file"]
        self.holders = self.planned.of_ids("opportunity", holders)

    def _compare(self, planned: Planned, found: Found) -> None:
        row = planned.row
        is_file = "file" in row.kind
        actual = dict(found.logical) if is_file else flatten(dict(found.logical))
        good = True
        for diff in compare_record(row.record_key, _meant(row), actual):
            good &= self._judge(planned, self._explained(planned, diff, actual))
        good &= self._links(planned, found)
        self._sum(planned, flatten(row.payload), actual, found)
        self.result.by_object[row.object_key]["verified" if good else "wrong"] += 1

    def _explained(self, planned: Planned, diff: FieldDiff, actual: Mapping[str, Any]) -> FieldDiff:
        """The verdict with what we know besides the two values."""
        if diff.field == "file_name" and planned.sent_as and planned.sent_as == diff.found:
            return replace(diff, verdict=Verdict.BY_RULE, rule=planned.sent_why)
        if diff.verdict not in BAD:
            return diff
        if diff.field == "owner":
            users = self._users(planned)
            if diff.expected not in users and not diff.found:
                return replace(diff, verdict=Verdict.BY_RULE, rule=UNMATCHED_OWNER)
            if diff.expected in users and users[diff.expected] == users.get(str(diff.found)):
                return replace(diff, verdict=Verdict.BY_RULE, rule=OWNER_CHOSEN)
            family = self.planned.family_owners(contact_key_of(planned.row))
            if diff.found and users.get(str(diff.found)) in {users.get(o) for o in family}:
                return replace(diff, verdict=Verdict.BY_RULE, rule=OWNER_SHARED)
        if diff.field == "tags" and diff.found and _folded(diff.expected) <= _folded(diff.found):
            return replace(diff, verdict=Verdict.BY_RULE, rule=TAGS_ADDED)
        if planned.row.kind == "contact" and is_kept_beside(
            diff.field, flatten(planned.row.payload), actual
        ):
            return replace(diff, verdict=Verdict.BY_RULE, rule=KEPT_ASIDE)
        for part in ("fields", "custom", "dnd", ""):
            name = f"{part}.{diff.field}"
            if name in planned.kept:
                kept = planned.kept[name]
                if compare_value(kept, diff.found)[0] not in BAD or kept == diff.found:
                    return replace(diff, verdict=Verdict.BY_RULE, rule=KEPT)
        return diff

    def _users(self, planned: Planned) -> Mapping[str, str]:
        return self.users.get(planned.row.location, {})

    def _judge(self, planned: Planned, diff: FieldDiff) -> bool:
        self.verdicts[diff.verdict] += 1
        if self.sink is not None:
            self.sink(planned, diff)
        if diff.verdict is Verdict.BY_RULE:
            self.rules[diff.rule] += 1
            if len(self.result.by_rule) < LISTED:
                self.result.by_rule.append(diff)
        if diff.verdict not in BAD:
            return True
        self.counts["fields"] += 1
        if len(self.result.diffs) < LISTED:
            self.result.diffs.append(diff)
        return False

    def _links(self, planned: Planned, found: Found) -> bool:
        """Every link of the record leads where it was meant to."""
        good = True
        for role, key, actual in self._ends(planned, found):
            expected = self.ids.get(key)
            counts = self.links.setdefault(_link_name(planned, role), Counter())
            counts["planned"] += 1
            same = expected is not None and expected == actual
            stays = bool(actual) and actual == planned.kept.get(f"link.{role}")
            counts["right" if same or stays else "wrong"] += 1
            verdict = Verdict.SAME if same else Verdict.DIFFERENT if actual else Verdict.MISSING
            verdict = Verdict.BY_RULE if stays else verdict
            diff = FieldDiff(planned.row.record_key, f"link to {role}", key,
                             key if same else actual, verdict, KEPT if stays else "")  # fmt: skip
            good &= self._judge(planned, diff)
        return good

    def _ends(self, planned: Planned, found: Found) -> Iterator[tuple[str, str, str | None]]:
        """(role, record key it should lead to, HighLevel id it leads to) of a record's links."""
        row = planned.row
        if row.kind == "opportunity_file":
            holder = self.holders.get(found.details["record"])
            named = holder is not None and row.record_key in holder.row.payload.get("files", ())
            key = holder.row.record_key if holder and named else "the opportunity that names it"
            if named:
                self.ids[key] = found.details["record"]
            yield "opportunity", key, found.details["record"]
            return
        for parent in row.parents:
            role = parent["role"]
            if row.kind == "company_link" and role == "contact":
                continue  # the link's id is the contact's
            held = "record" if row.kind == "contact_file" else role
            actual = found.details.get(held) or found.logical.get(held)
            yield role, parent["record_key"], actual

    # --- sums ------------------------------------------------------------------------------------

    def _sum(
        self, planned: Planned, meant: Mapping[str, Any], actual: Mapping[str, Any], found: Found
    ) -> None:
        row = planned.row
        for side, values in ((PLANNED, meant), (FOUND, actual)):
            self._statuses(row.object_key, row.kind, row.target, values, side)
            if row.kind in ("contact", "opportunity", "record"):
                users = self._users(planned)
                owner = str(values.get("owner") or "nobody")
                owner = next((k for k, u in users.items() if u == users.get(owner)), owner)
                if side == FOUND or owner in users:
                    self.owners.setdefault(owner, Counter())[side] += 1
                else:
                    self.owners.setdefault("nobody", Counter())[side] += 1
            self._amounts(side, row.kind, row.target, planned.hl_id, values)
        if "file" in row.kind:
            self.files["files planned"] += 1
            self.files["files found"] += 1
            self.files["bytes planned"] += int(row.payload.get("size_bytes") or 0)
            self.files["bytes found"] += int(found.logical.get("size_bytes") or 0)
        self._belongs(planned, found)

    def _statuses(
        self, key: str, kind: str, target: str, values: Mapping[str, Any], side: str
    ) -> None:
        status = status_of(kind, target, values)
        if status is not None:
            self.statuses.setdefault((key, status), Counter())[side] += 1

    def _amounts(
        self, side: str, kind: str, target: str, hl_id: str, values: Mapping[str, Any]
    ) -> None:
        place = target if kind == "record" else kind
        amounts = [
            (side, hl_id, f"{place}.{name}", amount)
            for name in _money_fields(place)
            if (amount := _decimal(values.get(name))) is not None
        ]
        if amounts:
            self.planned.add_amounts(amounts)

    def _belongs(self, planned: Planned, found: Found) -> None:
        """Whose record it is, as planned and as HighLevel says."""
        row = planned.row
        if row.kind == "opportunity":
            record, client, actual = planned.hl_id, row.parents, found.details.get("contact")
            self._belong(PLANNED, record, next((p["record_key"] for p in client), ""))
            self.planned.add_owners([(FOUND, record, actual or "")])
        elif row.kind == "relation" and row.target == BILLED:
            ends = {p["role"]: p["record_key"] for p in row.parents}
            self._belong(PLANNED, self.ids.get(ends["second"], ""), ends["first"])
            self.planned.add_owners([(FOUND, found.logical["second"], found.logical["first"])])

    def _belong(self, side: str, record: str, client_key: str) -> None:
        self.planned.add_owners([(side, record, self.ids.get(client_key, ""))])

    # --- what nobody planned -------------------------------------------------------------------

    def _extra(self, kind: str, found: list[Found]) -> None:
        self.planned.add_owners(
            (FOUND, f.logical["second"], f.logical["first"]) for f in found if f.target == BILLED
        )
        if kind in _LINK_KINDS:
            linked = self._ends_of_ours(found)
            found = [f for f in found if f.hl_id in linked]
        if not found:
            return
        known = self.known(kind, [f.hl_id for f in found])
        self.planned.add_extra(
            (kind, f.target, f.hl_id, "" if kind in _LINK_KINDS else f.source_id, _label(f),
             _created(f), known.get(f.hl_id, ""))
            for f in found
        )  # fmt: skip

    def _ends_of_ours(self, found: list[Found]) -> set[str]:
        """Unplanned links and files that hang on a record we created."""
        ends = {f.hl_id: _held_by(f) for f in found}
        wanted = [e for several in ends.values() for e in several]
        ours: set[str] = set()
        for kind in ("contact", "opportunity", "record"):
            known = self.planned.of_ids(kind, wanted)
            ours |= {i for i, p in known.items() if p.origin == "created"}
        return {link for link, several in ends.items() if ours & set(several)}

    # --- the end ---------------------------------------------------------------------------------

    def finish(self, whole: bool, missing_parents: Iterable[Mapping[str, Any]]) -> Reconciliation:
        """The result, once everything was read."""
        result = self.result
        for planned in self.planned.unseen():
            self._missing(planned)
        since = self.planned.first_created()
        if whole:
            for extra in self.planned.extras(since):
                self._add_extra(extra)
            result.before = self.planned.before(since)
        result.sums = [_named(s) for s in self.planned.sums()]
        if whole:  # a sample holds some of a client's invoices and some of their links
            self._receivables()
        result.statuses = [
            {"object": key, "status": status, PLANNED: c[PLANNED], FOUND: c[FOUND]}
            for (key, status), c in sorted(self.statuses.items())
        ]
        result.owners = [
            {"owner": owner, PLANNED: c[PLANNED], FOUND: c[FOUND]}
            for owner, c in sorted(self.owners.items())
        ]
        result.links = {k: dict(c) for k, c in sorted(self.links.items())}
        result.files, result.verdicts = dict(self.files), dict(self.verdicts)
        result.rules = dict(self.rules)
        result.orphans = [
            {"record": m["record_key"], "role": m["role"], "wanted": m["parent_key"]}
            for m in itertools.islice(missing_parents, LISTED)
        ]
        self.counts["sums"] = sum(bool(Decimal(s["difference"])) for s in result.sums)
        result.counts = {k: v for k, v in self.counts.items() if v}
        return result

    def _missing(self, planned: Planned) -> None:
        row = planned.row
        self.counts["missing"] += 1
        self.result.by_object[row.object_key]["wrong"] += 1
        deleted = planned.kept.get("") == "deleted"
        if deleted or row.record_key in self.left_behind:
            self.counts["missing"] -= 1
            self.result.by_object[row.object_key]["wrong"] -= 1
            self.rules["deleted in HighLevel, kept so" if deleted else LEFT_BEHIND] += 1
            return
        why = "its id is not there any more" if planned.hl_id else "it was never written"
        meant = flatten(row.payload)
        self._statuses(row.object_key, row.kind, row.target, meant, PLANNED)
        self._amounts(PLANNED, row.kind, row.target, planned.hl_id or row.record_key, meant)
        if row.target == BILLED:
            ends = {p["role"]: p["record_key"] for p in row.parents}
            ids = self.planned.ids_of(ends.values())
            client = ids.get(ends["first"], "")
            self.planned.add_owners([(PLANNED, ids.get(ends["second"], ""), client)])
        if "file" in row.kind:
            self.files["files planned"] += 1
            self.files["bytes planned"] += int(row.payload.get("size_bytes") or 0)
        if len(self.result.missing) < LISTED:
            self.result.missing.append(
                {"object": row.object_key, "record": row.record_key, "label": row.label, "why": why}
            )

    def _add_extra(self, extra: dict[str, Any]) -> None:
        why = extra["known"] or (
            f"it carries the source key {extra['source_id']}"
            if extra["source_id"]
            else "it was made since the migration began"
        )
        self.counts["extra"] += not extra["known"]
        listed = self.result.explained if extra["known"] else self.result.extra
        if len(listed) < LISTED:
            listed.append(
                {"kind": extra["kind"], "label": extra["label"], "hl_id": extra["hl_id"],
                 "made": extra["created"], "source_id": extra["source_id"], "why": why}
            )  # fmt: skip

    def _receivables(self) -> None:
        names = {f"{place}.{label}": name for name, (place, label) in RECEIVABLES.items()}
        for line in self.planned.by_client(list(names)):
            wrong = bool(Decimal(line["difference"]))
            self.counts["receivables"] += wrong
            if len(self.result.receivables) < LISTED:
                self.result.receivables.append({**line, "measure": names[line["measure"]]})


def _ours(kind: str, planned: list[Planned]) -> list[Planned]:
    """The planned records behind one id: one, but every file of one content on a record."""
    return planned if "file" in kind else planned[:1]


_LINK_KINDS = frozenset({"relation", "company_link", "contact_file", "opportunity_file"})


def status_of(kind: str, target: str, values: Mapping[str, Any]) -> str | None:
    """How a record is counted: stage and status of an opportunity, the status of a document."""
    if kind == "opportunity":
        return f"{values.get('stage') or 'no stage'} · {values.get('status') or 'open'}"
    if kind == "contact":
        return str(values.get(t.SOURCE_TYPE) or "no type")
    if kind == "record" and target in STATUS_FIELDS:
        return str(values.get(STATUS_FIELDS[target]) or "no status")
    return None


def _meant(row: Any) -> dict[str, Any]:
    """What a record's fields should be; a file's are its name and its size."""
    if "file" in row.kind:
        return {k: row.payload[k] for k in ("file_name", "size_bytes") if row.payload.get(k)}
    return flatten(row.payload)


def _money_fields(place: str) -> tuple[str, ...]:
    if place not in _MONEY:
        labels = [f.label for f in t.FIELDS.get(place, ()) if f.data_type == t.MONEY]
        _MONEY[place] = (*(["monetaryValue"] if place == "opportunity" else []), *labels)
    return _MONEY[place]


_MONEY: dict[str, tuple[str, ...]] = {}


def _decimal(value: Any) -> Decimal | None:
    if value is None or isinstance(value, bool | list | dict):
        return None
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        return None
    return amount if amount.is_finite() else None


def _named(line: dict[str, Any]) -> dict[str, Any]:
    place, _, label = line["measure"].rpartition(".")
    return {**line, "measure": f"{place.removeprefix('custom_objects.')}: {label}"}


def _link_name(planned: Planned, role: str) -> str:
    row = planned.row
    return row.target if row.kind == "relation" else f"{row.kind} to {role}"


def _folded(tags: Any) -> set[str]:
    """Tags as HighLevel keeps them: in lower case."""
    return {str(tag).strip().casefold() for tag in (tags if isinstance(tags, list) else [tags])}


def _created(found: Found) -> str:
    return str(found.details.get("created") or "")


def _held_by(found: Found) -> list[str]:
    if found.kind == "company_link":
        return [found.hl_id]
    if found.kind == "relation":
        return [str(found.logical["first"]), str(found.logical["second"])]
    return [str(found.details.get("record") or "")]


def _label(found: Found) -> str:
    values = flatten(dict(found.logical))
    full = " ".join(str(values[n]) for n in ("firstName", "lastName") if values.get(n))
    named = values.get("name") or values.get(t.NAME) or values.get("email") or values.get("body")
    return (full or str(named or found.logical.get("file_name") or ""))[:120]


def _short(value: Any) -> str:
    text = repr(value)
    return f"“{text}”" if len(text) <= 120 else f"“{text[:120]}…” ({len(text):,} characters)"
