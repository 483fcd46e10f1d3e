"""Addresses at which a person sees a record: in HighLevel's own pages, or in the sandbox's."""

from __future__ import annotations

from urllib.parse import quote

APP = "https://app.gohighlevel.com/v2/location"


def record_url(kind: str, target: str, hl_id: str, location: str, pages: str = "") -> str:
    """The page of a record; empty for what has no page of its own (links, notes, files).

    `pages` is a sandbox's address. HighLevel documents no addresses of its pages: the contact's is
    the one its users see in the address bar, the others follow the same pattern.
    """
    if not hl_id:
        return ""
    record = quote(hl_id, safe="")
    if pages:
        shown = _SANDBOX_KIND.get(kind)
        return f"{pages}/_page/{shown}/{record}" if shown else ""
    place = f"{APP}/{quote(location, safe='')}"
    if kind in ("contact", "company_link"):
        return f"{place}/contacts/detail/{record}"
    if kind == "opportunity":
        return f"{place}/opportunities/{record}?tab=Opportunity+Details"
    if kind == "company":
        return f"{place}/businesses/detail/{record}"
    if kind == "record":
        return f"{place}/objects/{quote(target, safe='')}/{record}"
    return ""


_SANDBOX_KIND = {
    "contact": "contact",
    "company_link": "contact",
    "opportunity": "opportunity",
    "company": "record",
    "record": "record",
}
