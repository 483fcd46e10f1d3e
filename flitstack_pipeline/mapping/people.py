"""Clients and leads → contacts, companies, and the links between them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import duckdb

from flitstack_pipeline.catalog import targets as t
from flitstack_pipeline.catalog.declared import SOURCE
from flitstack_pipeline.catalog.keys import record_key
from flitstack_pipeline.mapping.apply import Mapper, Values
from flitstack_pipeline.mapping.companies import shared_companies
from flitstack_pipeline.mapping.rows import Record, parent
from flitstack_pipeline.mapping.sources import (
    NO_CLIENT,
    as_migrated,
    location_sql,
    rows,
    with_further,
    with_links,
    workspaces_without_client,
)

#: The word under which a lead that no client stands for keeps that it was converted.
CONVERTED = "converted"


def payload_of(values: Values, owner: str | None = None) -> dict[str, Any]:
    """A payload of standard fields, custom fields and owner; empty parts left out."""
    values = values.with_kept()
    payload: dict[str, Any] = {"fields": values.fields, "custom": values.custom}
    if owner:
        payload["owner"] = owner
    return payload


def clients(con: duckdb.DuckDBPyConnection, mapper: Mapper) -> Iterator[Record]:
    """Contacts (phase 0), companies (0) and their links (1); placeholders where needed."""
    missing = workspaces_without_client(con)
    properties = f"""
      SELECT l.parent_key AS client_key, string_agg(concat_ws(' · ', p.property_name, p.address,
        p.notes, p.further), chr(10) ORDER BY p.source_key) AS properties
      FROM {with_further(con, "clean.properties")} p JOIN m_link l ON l.child_key = p.source_key
      WHERE l.role = 'client' GROUP BY 1"""
    sql = f"""SELECT w.*, p.properties, o.opt_outs
      FROM ({with_links(con, mapper.document, "clients")}) w
      LEFT JOIN m_opt_out o ON o.opted_key = w.source_key
      LEFT JOIN ({properties}) p ON p.client_key = w.source_key
      WHERE w.source_key IN (SELECT source_key FROM m_people) ORDER BY w.source_key"""
    places = _placeholder_locations(con, mapper, missing)
    companies = shared_companies(con, as_migrated(con, "clients"))
    for row in rows(con, sql):
        company = companies.get(row["source_key"], row["source_key"])
        derive_person(row, "Client")
        yield _contact(mapper, "clients", row)
        if row["is_business"]:
            yield from _company(mapper, row, company)
    for workspace in missing:
        yield _placeholder(workspace, places[workspace])


def leads(con: duckdb.DuckDBPyConnection, mapper: Mapper) -> Iterator[Record]:
    """Leads that were not folded into a client → contacts."""
    sql = f"""SELECT * FROM ({with_links(con, mapper.document, "leads")})
      LEFT JOIN m_opt_out ON opted_key = source_key
      WHERE source_key IN (SELECT source_key FROM m_people) ORDER BY source_key"""
    for row in rows(con, sql):
        derive_person(row, "Lead")
        row["lead_status"] = row["lead_status"] or row["lead_status_text"]
        if row["converted"]:  # to a client that no export holds: nothing else would say so
            row["originals"] = {**(row["originals"] or {}), CONVERTED: "Yes"}
        yield _contact(mapper, "leads", row)


def derive_person(row: dict[str, Any], source_type: str) -> None:
    """Add the derived columns of a person to its row."""
    full = " ".join(part for part in (row["first_name"], row["last_name"]) if part)
    if not full and not row["is_business"]:  # a desk: HighLevel would make its last word a surname
        full = row["first_name"] = row["name"]
    original = (row["originals"] or {}).get("name") or row["name"]
    source_type = row.get("source_type") or source_type
    row["source_type"] = source_type
    row["display_name"] = None if full else row["name"]
    row["original_name"] = original if original != full else None
    row["company_name"] = row["business_name"] or row["name"]
    row["all_tags"] = [*(row["tags"] or []), t.TYPE_TAGS[source_type]]


def _contact(mapper: Mapper, dataset: str, row: dict[str, Any]) -> Record:
    values = mapper.values(dataset, t.CONTACT, row)
    payload = payload_of(values, mapper.owner(row["owner_key"]))
    if row["opt_outs"]:
        payload["dnd"] = dict.fromkeys(row["opt_outs"], True)
    return Record(
        record_key("contact", row["source_key"]),
        row["source_key"],
        "contact",
        t.CONTACT,
        row["location"],
        payload,
        label=row["name"],
    )


def _company(mapper: Mapper, row: dict[str, Any], company: str) -> Iterator[Record]:
    """The company of a business, made once of the client it is named after, and the link to it."""
    contact, key = record_key("contact", row["source_key"]), record_key("company", company)
    if company == row["source_key"]:
        values = mapper.values("clients", t.BUSINESS, row)
        values.fields.setdefault("name", row["company_name"])
        values.kept = []
        yield Record(
            key,
            row["source_key"],
            "company",
            t.BUSINESS,
            row["location"],
            payload_of(values),
            label=row["company_name"],
        )
    yield Record(
        record_key("company_link", row["source_key"]),
        row["source_key"],
        "company_link",
        t.BUSINESS,
        row["location"],
        {},
        [parent("contact", contact), parent("company", key)],
        1,
        f"{row['name']} at {row['company_name']}",
    )


def _placeholder_locations(
    con: duckdb.DuckDBPyConnection, mapper: Mapper, missing: list[str]
) -> dict[str, str]:
    expression = location_sql(mapper.document, "~none")
    return {
        w: con.execute(f"SELECT {expression} FROM (SELECT ? AS workspace) x", [w]).fetchall()[0][0]
        for w in missing
    }


def _placeholder(workspace: str, location: str) -> Record:
    """The contact that holds records without a client: HighLevel's opportunities must have one."""
    key = f"{workspace}/clients/{NO_CLIENT}"
    values = Values(
        {"name": f"No client ({SOURCE.name})"}, {t.SOURCE_ID: key, t.SOURCE_TYPE: "Client"}
    )
    return Record(
        record_key("contact", key),
        key,
        "contact",
        t.CONTACT,
        location,
        payload_of(values),
        label=f"No client ({SOURCE.name})",
    )
