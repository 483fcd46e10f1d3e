"""How rows of team members, clients, leads and properties are cleaned."""

from __future__ import annotations

from flitstack_pipeline.cleaning.cells import Cells, Row
from flitstack_pipeline.cleaning.values.cell_sql import literal

#: Before the pattern of a name that has two readings, where no other column tells.
DOUBTFUL = "two readings: "
UNSURE_PHONE = "no whole number of the country of its row; kept as it is written"
COMPLETE_IT = "The row has no name, business, e-mail or phone. Complete it and export again."


def user(c: Cells) -> Row:
    """A team member; the e-mail is what matches a HighLevel user."""
    name, emails, phones = c.together("name"), c.together("emails"), c.together("phones")
    shown = f"coalesce({name.value('display')}, {emails.value('first')})"
    what = "Give the team member a name or an e-mail."
    c.refuse(f"{shown} IS NULL", "name", "nothing_identifies", what)
    return {
        "name": shown,
        "first_name": name.value("first"),
        "last_name": name.value("last"),
        "email": emails.value("first"),
        "phone": phones.value("e164"),
    }


def place(c: Cells) -> Row:
    """The address of a service property."""
    return {"address": c.together("address").value("line")}


def person(c: Cells) -> Row:
    """Who a client or lead is: person or business, with every phone, e-mail and address kept."""
    name, emails, phones = c.together("name"), c.together("emails"), c.phones()
    address = c.together("address")
    beside = address.list("phones")
    phone = f"coalesce({phones.value('e164')}, regexp_extract({beside}[1], '^[+]\\d+'))"
    known = f"list_append({phones.list('extra')}, {phone})"
    further = f"list_filter({beside}, lambda p: NOT list_contains({known}, p))"
    unsure = f"list_filter({phones.list('extra')}, lambda p: NOT starts_with(p, '+'))"
    first_unsure = f"{phones.value('e164')} IS NULL AND {phones.value('shown')} IS NOT NULL"
    c.tell(f"{first_unsure} OR len({unsure}) > 0", "phone", UNSURE_PHONE)
    display = name.value("display")
    firm_or_person = f"nullif({name.value('doubt')}, 'order')"
    firm_by_row = _firm_by_row(c, display, firm_or_person, emails.value("first"))
    is_firm = f"(coalesce({name.value('business', 'BOOLEAN')}, false) OR {firm_by_row} IS NOT NULL)"
    business = f"coalesce({c.one_line('business_name')}, CASE WHEN {is_firm} THEN {display} END)"
    website = _website(c)
    named = f"{display}, {business}, {emails.value('first')}, {phones.value('shown')}, {phone}"
    shown = f"coalesce({named})"
    c.refuse(f"{shown} IS NULL", "name", "nothing_identifies", COMPLETE_IT)
    doubt = f"{website} IS NULL AND {c.one_line('business_name')} IS NULL"
    evidence = (
        f"CASE WHEN {doubt} AND {firm_by_row} IS NOT NULL THEN {firm_by_row} "
        f"WHEN {doubt} AND {name.value('doubt')} IS NOT NULL "
        f"THEN {literal(DOUBTFUL)} || {name.value('doubt')} "
        f"WHEN {business} IS NOT NULL AND {c.one_line('business_name')} IS NULL "
        f"THEN {name.value('evidence')} WHEN {business} IS NOT NULL THEN 'business name given' "
        f"WHEN {website} IS NOT NULL THEN 'website given' "
        "ELSE 'no business name, no website, reads like a person' END"
    )
    return {
        "source_type": c.one_line("person_kind"),
        "name": shown,
        "first_name": f"CASE WHEN {firm_by_row} IS NULL THEN {name.value('first')} END",
        "last_name": f"CASE WHEN {firm_by_row} IS NULL THEN {name.value('last')} END",
        "business_name": business,
        "is_business": f"{business} IS NOT NULL OR {website} IS NOT NULL",
        "business_evidence": evidence,
        "website": website,
        "email": emails.value("first"),
        "extra_emails": emails.list("extra"),
        "phone": phone,
        "phone_extension": phones.value("extension"),
        "extra_phones": f"list_concat({phones.list('extra')}, {further})",
        "address1": address.value("street"),
        "city": address.value("city"),
        "state": address.value("state"),
        "postal_code": address.value("postal_code"),
        "country": address.value("country"),
        "service_address": c.read("line", "service_address", "line"),
    }


def _firm_by_row(c: Cells, display: str, doubt: str, email: str) -> str:
    """SQL of what tells in the row that a doubtful name is a firm's, in words, or NULL.

    The e-mail has a domain of its name (`kessler.plaza@gmail.com` has not), or the account writes
    people "Last, First" and this name without a comma.
    """
    bare = f"regexp_replace(lower({display}), '[^a-z0-9]|\b(?:and|the)\b', '', 'g')"
    domain = f"regexp_replace(regexp_extract(lower({email}), '@(.+)[.]', 1), '[^a-z0-9]', '', 'g')"
    own = f"length({bare}) >= 6 AND contains({domain}, {bare})"
    told = f"WHEN {own} THEN 'the e-mail has its name as domain'"
    if c.last_name_first:
        told += (
            f" WHEN NOT contains({c.raw('name')}, ',') "
            "THEN 'written without the comma that people have here'"
        )
    return f"(CASE WHEN {doubt} IS NULL THEN NULL {told} END)"


def _website(c: Cells) -> str:
    """A web address with its scheme; text that is none is kept."""
    value = c.text("website")
    no_address = f"NOT contains({value}, '.') OR contains({value}, ' ')"
    c.keep(no_address, "website", "not a web address")
    return (
        f"CASE WHEN {no_address} THEN NULL WHEN regexp_matches({value}, '^(?i:https?://)') "
        f"THEN {value} ELSE 'https://' || {value} END"
    )
