"""Fields of HighLevel, how sure a proposal is and why, in the words of a person in the office.

Belongs here: words that the documents and the review room share. Does not: what the map decides.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

#: Types of fields as a person calls them.
TYPES = {
    "TEXT": "text", "LARGE_TEXT": "long text", "NUMERICAL": "number", "MONETORY": "money",
    "MONETARY": "money", "DATE": "date", "SINGLE_OPTIONS": "one choice", "CHECKBOX": "yes or no",
    "MULTIPLE_OPTIONS": "several choices", "RADIO": "one choice", "PHONE": "phone",
    "EMAIL": "e-mail", "FILE_UPLOAD": "files", "standard": "HighLevel's own field",
    "": "HighLevel's own field",
}  # fmt: skip
#: HighLevel's own fields by the labels its pages show, where they are not their key in words.
FIELDS = {
    "name": "Name", "email": "Email", "phone": "Phone", "address1": "Street address",
    "address": "Street address", "postalCode": "Postal code", "postalcode": "Postal code",
    "companyName": "Business name", "monetaryValue": "Value", "source": "Source", "tags": "Tags",
}  # fmt: skip
SURE_FROM, LIKELY_FROM = 0.95, 0.8


def type_words(data_type: str) -> str:
    """The type of a field in words: `MONETORY` is money."""
    return TYPES.get(data_type, data_type.replace("_", " ").lower())


def field_words(field: str) -> str:
    """A field as HighLevel's pages show it: `firstName` is First name; our own keep their label."""
    if field in FIELDS:
        return FIELDS[field]
    if "_" in field or " " in field or not field[:1].islower():
        return field.removesuffix("__c").replace("_", " ")
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", field).capitalize()


def sums_in_words(sums: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Lines of sums whose `measure` is a place and a field: `opportunity: monetaryValue`."""
    found = []
    for line in sums:
        place, _, field = line["measure"].partition(": ")
        found.append({**line, "measure": f"{column_words(place)}: {field_words(field)}"})
    return found


def column_words(name: str) -> str:
    """A column without a header of its own in words: `merged_values` is Merged values."""
    plain = name.replace("_", " ")
    return plain[:1].upper() + plain[1:] if name.islower() else name


def sure(confidence: Any) -> str:
    """How sure we are, in a word or two."""
    share = float(confidence or 0)
    return "sure" if share >= SURE_FROM else "likely" if share >= LIKELY_FROM else "please look"


def evidence_words(evidence: str) -> str:
    """Why a field was proposed, without the words of the trade."""
    if evidence == "declared":
        return "as Contractor+ means it"
    plain = evidence.removeprefix("declared: ").replace("E.164", "with the country code")
    types = sorted((t for t in TYPES if t.isupper()), key=len, reverse=True)
    return re.sub(rf"\b({'|'.join(types)})\b", lambda found: type_words(found[0]), plain)
