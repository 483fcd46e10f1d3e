"""Rows of team members, clients and leads. One raw row in, one clean row out."""

from __future__ import annotations

import re
from typing import Any

from flitstack_pipeline.cleaning import words
from flitstack_pipeline.cleaning.addresses import (
    Address,
    AddressCells,
    clean_address,
    country_code,
    parse_line,
)
from flitstack_pipeline.cleaning.names import Name, is_business, natural_cases, split_name
from flitstack_pipeline.cleaning.tools import RawRow, RefusedRow, Tools

CleanRow = dict[str, Any]


def user(row: RawRow, t: Tools) -> CleanRow:
    """A team member; the e-mail is what matches a HighLevel user."""
    name = _name(row, t)
    emails = t.emails(row, "email")
    shown = name.display if name else (emails[0] if emails else None)
    if shown is None:
        raise RefusedRow(
            "name", None, "nothing_identifies", "Give the team member a name or an e-mail."
        )
    phone = next((p.e164 for p in t.phones(row, "phone") if p.e164), None)
    return {
        "name": shown,
        "first_name": name.first if name else None,
        "last_name": name.last if name else None,
        "email": emails[0] if emails else None,
        "phone": phone,
        "role": t.text(row, "role"),
        "status": t.text(row, "status"),
        "user_type": t.text(row, "type"),
    }


def client(row: RawRow, t: Tools) -> CleanRow:
    """A client: person or business, with every phone, e-mail and address kept."""
    return {**_person(row, t), **_stamps(row, t)}


def lead(row: RawRow, t: Tools) -> CleanRow:
    """A lead: a person with a status, a source and perhaps the client it became."""
    status, shown = t.status(row, "lead_status", "leads")
    return {
        **_person(row, t),
        **_stamps(row, t),
        "lead_status": status,
        "lead_status_text": shown,
        "estimated_value": t.money(row, "estimated_value"),
        "converted": bool(words.boolean(t.raw(row, "converted"))) or status == "won",
        "converted_client_ref": t.text(row, "converted_client_id"),
        "follow_up": t.day(row, "follow_up"),
    }


def property_row(row: RawRow, t: Tools) -> CleanRow:
    """A service property of a client."""
    address = clean_address(_address_cells(row, t), t.context.country)
    return {
        "client_ref": t.text(row, "client_id"),
        "client_name": words.one_line(t.raw(row, "client_name")),
        "property_name": t.text(row, "property_name"),
        "address": address.line or None,
        "notes": t.note(row, "notes"),
    }


def _person(row: RawRow, t: Tools) -> CleanRow:
    name, emails = _name(row, t), t.emails(row, "email")
    phones = t.phones(row, "phone", "mobile")
    business_name = words.one_line(t.raw(row, "business_name"))
    if name and name.looks_like_business and not business_name:
        business_name = name.display
    website = _website(row, t)
    business, evidence = is_business(business_name, website, name)
    shown = (name.display if name else None) or business_name or next(iter(emails), None)
    shown = shown or next((p.shown for p in phones), None)
    if shown is None:
        raise RefusedRow(
            "name",
            t.raw(row, "name"),
            "nothing_identifies",
            "The row has no name, business, e-mail or phone. Complete it and export again.",
        )
    address = _address(row, t)
    first = next((p for p in phones if p.e164), None)
    return {
        "name": shown,
        "first_name": name.first if name else None,
        "last_name": name.last if name else None,
        "business_name": business_name,
        "is_business": business,
        "business_evidence": evidence,
        "website": website,
        "email": emails[0] if emails else None,
        "extra_emails": emails[1:],
        "phone": first.e164 if first else None,
        "phone_extension": first.extension if first else None,
        "extra_phones": [p.shown for p in phones if p is not first],
        "address1": address.street,
        "city": address.city,
        "state": address.state,
        "postal_code": address.postal_code,
        "country": address.country if address.line else None,
        "service_address": _service_address(row, t),
        "lead_source": words.one_line(t.raw(row, "lead_source")),
        "tags": words.split_list(t.raw(row, "tags")),
        "status": t.text(row, "status"),
        "notes": t.note(row, "notes"),
        "assigned_to": words.split_people(t.raw(row, "assigned_to")),
    }


def _name(row: RawRow, t: Tools) -> Name | None:
    """The name from its split columns when both are there, else from the display name."""
    first, last = (words.one_line(t.raw(row, c)) for c in ("first_name", "last_name"))
    name = split_name(t.raw(row, "name"))
    if first and last:
        return _given(row, t, first, last, name)
    if name is None:
        return split_name(" ".join(p for p in (first, last) if p) or None)
    if not name.invertible:
        t.originals["name"] = t.raw(row, "name") or ""
    return name


def _given(row: RawRow, t: Tools, first: str, last: str, name: Name | None) -> Name:
    """The person of the split columns; a display name that says something else is kept."""
    tidy_first, tidy_last = natural_cases(first, last)
    shown = f"{tidy_first} {tidy_last}"
    for column, given, tidy in (("first_name", first, tidy_first), ("last_name", last, tidy_last)):
        if given != tidy:
            t.originals[column] = t.raw(row, column) or ""
    if name and name.looks_like_business:
        return Name(name.display, tidy_first, tidy_last, True, True, name.evidence)
    if name and words.one_line(t.raw(row, "name")) != shown:
        t.originals["name"] = t.raw(row, "name") or ""
    return Name(shown, tidy_first, tidy_last, True, False, "first and last name given")


def _website(row: RawRow, t: Tools) -> str | None:
    value = t.text(row, "website")
    if value is None:
        return None
    if "." not in value or " " in value:
        t.keep_original(row, "website", "not a web address")
        return None
    return value if value.lower().startswith(("http://", "https://")) else f"https://{value}"


def _address_cells(row: RawRow, t: Tools) -> AddressCells:
    return AddressCells(
        t.text(row, "address"),
        t.text(row, "street"),
        t.text(row, "street2"),
        t.text(row, "city"),
        t.text(row, "state"),
        t.text(row, "zip"),
        t.text(row, "country"),
    )


def _address(row: RawRow, t: Tools) -> Address:
    """The address, with what its parts cannot give back kept as original."""
    cells = _address_cells(row, t)
    address = clean_address(cells, t.context.country)
    if cells.joined and not address.complete:
        t.keep_original(row, "address", "not every part of the address could be read")
    elif cells.joined and cells.street and _slug(cells.street) not in _slug(cells.joined):
        t.keep_original(row, "address", "the one-line address differs from its columns")
    if cells.country and country_code(cells.country) is None:
        t.keep_original(row, "country", "no known country; the account's was taken")
    return address


def _slug(value: str) -> str:
    return re.sub(r"[\W_]+", "", value.casefold())


def _service_address(row: RawRow, t: Tools) -> str | None:
    found = t.text(row, "service_address")
    return (parse_line(found, t.context.country).line or found) if found else None


def _stamps(row: RawRow, t: Tools) -> CleanRow:
    created, updated = t.date(row, "created"), t.date(row, "updated")
    return {
        "created": created.day.isoformat() if created else None,
        "created_at": created.exact if created else None,
        "updated": updated.day.isoformat() if updated else None,
        "updated_at": updated.exact if updated else None,
    }


stamps = _stamps
