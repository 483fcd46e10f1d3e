"""Reads everything back, page by page, in the form in which it was meant.

What belongs here: sweeping whole objects with as few requests as possible: one pass over contacts
shows contacts, company links and contact files; one over opportunities their files too; one over
a custom object's records the relations as well. What does not: comparing (reconcile.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from flitstack_pipeline.highlevel.api import HighLevel
from flitstack_pipeline.migration.account_schema import Catalog
from flitstack_pipeline.migration.journal.store import Journal, Run
from flitstack_pipeline.migration.record_types import HANDLERS, companies, contacts, opportunities
from flitstack_pipeline.migration.record_types.base import Context, Found, Logical
from flitstack_pipeline.migration.record_types.conversations import conversation_found, unseen
from flitstack_pipeline.migration.record_types.files import files_of
from flitstack_pipeline.migration.record_types.relations import relation_found
from flitstack_pipeline.migration.rows import SOURCE_ID_LABEL

Wanted = tuple[str, str]


def reading_context(hl: HighLevel, catalog: Catalog, journal: Journal) -> Context:
    """A context for reading only."""
    return Context(hl, catalog, journal, Run("", hl.location_id, "read-back"))


def read_kind(
    hl: HighLevel, catalog: Catalog, journal: Journal, kind: str, target: str = ""
) -> dict[str, Logical]:
    """Every record of one kind: HighLevel id to its values, in the payload's form."""
    ctx = reading_context(hl, catalog, journal)
    return {found.hl_id: found.logical for found in HANDLERS[kind].scan(ctx, target)}


def read_back(
    hl: HighLevel, catalog: Catalog, journal: Journal, wanted: Iterable[Wanted] | None = None
) -> Iterator[Found]:
    """Every record of the (kind, target) pairs, ours or not; of all kinds in the id map if None.

    Yields Found(kind, target, hl_id, logical, source_id, details). Raises HighLevelError.
    """
    ctx = reading_context(hl, catalog, journal)
    pairs = set(journal.kinds(hl.location_id) if wanted is None else wanted)
    kinds = {kind for kind, _ in pairs}
    if kinds & {"contact", "company_link", "contact_file"}:
        yield from (found for found in _contacts(ctx) if found.kind in kinds)
    if "company" in kinds:
        yield from HANDLERS["company"].scan(ctx, companies.BUSINESS)
    if kinds & {"opportunity", "opportunity_file"}:
        yield from (found for found in _opportunities(ctx) if found.kind in kinds)
    yield from _records(ctx, pairs)
    for kind in ("note", "task", "media", "appointment"):
        if kind in kinds:
            yield from HANDLERS[kind].scan(ctx, kind)
    if kinds & {"conversation", "message"}:
        yield from (found for found in _talks(ctx) if found.kind in kinds)


def _contacts(ctx: Context) -> Iterator[Found]:
    fields = {r.id: r for r in ctx.catalog.of_target("contact") if r.data_type == "FILE_UPLOAD"}
    for record, values in contacts.every_contact(ctx):
        source_id = str(values["custom"].get(SOURCE_ID_LABEL) or "")
        made = {"created": record.get("dateAdded")}
        yield Found("contact", "contact", record["id"], values, source_id, made)
        if record.get("businessId"):
            link = {"company": record["businessId"]}
            yield Found("company_link", "company_link", record["id"], link, source_id)
        yield from files_of(ctx, "contact_file", record, fields)


def _opportunities(ctx: Context) -> Iterator[Found]:
    refs = ctx.catalog.of_target("opportunity")
    fields = {r.id: r for r in refs if r.data_type == "FILE_UPLOAD"}
    for record, values in opportunities.every_opportunity(ctx):
        source_id = str(values["custom"].get(SOURCE_ID_LABEL) or "")
        pipeline, _ = ctx.catalog.stage_name(record.get("pipelineStageId"))
        details = {
            "contact": record.get("contactId"),
            "pipeline_id": record.get("pipelineId"),
            "created": record.get("createdAt"),
        }
        yield Found("opportunity", pipeline or "", record["id"], values, source_id, details)
        yield from files_of(ctx, "opportunity_file", record, fields)


def _talks(ctx: Context) -> Iterator[Found]:
    """Messages and, from the same pages, the conversations they are in; silent ones one by one."""
    seen: set[str] = set()
    for found in HANDLERS["message"].scan(ctx, "message"):
        yield found
        conversation = str(found.details["conversation"])
        if conversation not in seen:
            seen.add(conversation)
            yield conversation_found(conversation, str(found.details["contact"]))
    yield from unseen(ctx, seen)


def _records(ctx: Context, pairs: set[Wanted]) -> Iterator[Found]:
    """Records and, from the same pages, relations."""
    targets = {target for kind, target in pairs if kind == "record"}
    keys = {target for kind, target in pairs if kind == "relation"}
    associations = {a.id: a for a in ctx.catalog.associations.values() if a.key in keys}
    sides = {a.second if a.second.startswith("custom_objects.") else a.first
             for a in associations.values()}  # fmt: skip
    seen: set[str] = set()
    for target in sorted(targets | sides):
        for found in HANDLERS["record"].scan(ctx, target):
            if target in targets:
                yield found
            for link in found.details["relations"]:
                association = associations.get(link.get("associationId"))
                if association is not None and link["relationId"] not in seen:
                    seen.add(link["relationId"])
                    yield relation_found(association, target, found.hl_id, link)
