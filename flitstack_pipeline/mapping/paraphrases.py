"""Other words for what headers say, put together from parts: `sell rate`, `amount without tax`.

Written from a thesaurus, part by part, so that every combination is there, not only those that
some vendor uses. Belongs here: phrases made of parts. Does not: vendors' own phrases and words
(`mapping.vocabulary`). Words are in the singular, as `meanings.words_of` leaves them.
"""

from __future__ import annotations

from itertools import product

#: (parts of a phrase, each with its choices; "" where it may be missing) → what it stands for.
_PATTERNS: tuple[tuple[tuple[str, ...], str], ...] = (
    # deals
    (("expected|anticipated|projected|forecast|target|estimated|planned|likely",
      "close|closing|closure|decision"), "closedate"),
    (("decision|closing|closure", "date"), "closedate"),
    (("deal|opportunity|job|project|contract|sale", "value|amount|worth|size|price|revenue"),
     "dealvalue"),
    (("value|worth|size|price", "of", "deal|opportunity|lead|job|project|contract|sale"),
     "dealvalue"),
    (("forecast|weighted|prorated", "value|amount|revenue"), "expectedrevenue"),
    (("pipeline|deal|sale|opportunity", "step"), "stage"),
    (("sale|deal|", "funnel"), "pipeline"),
    (("win|winning|close|closing|success|deal|", "chance|odds|likelihood"), "probability"),
    (("loss|lost", "cause|why"), "lostreason"),
    (("why", "lost"), "lostreason"),
    # jobs
    (("job|project", "code|reference"), "deal number"),
    (("installer|worker|mechanic|fitter|tradesman|tradesperson|crew member|field staff|personnel",),
     "technician"),
    (("assigned|allocated|scheduled", "installer|worker|mechanic|fitter|staff|personnel|crew"),
     "technician"),
    (("installer|worker|mechanic|fitter|staff|personnel|crew|technician",
      "assigned|allocated|scheduled"), "technician"),
    (("work|job|service", "performed|done|carried out"), "description"),
    (("scheduled|planned|booked", "until|till|to"), "end"),
    (("scheduled|planned|booked", "from"), "start"),
    # documents and money
    (("total|amount|price|sum", "with|incl|including|inc", "tax|vat|gst"), "total"),
    (("gross", "total|amount|sum|price|"), "total"),
    (("total|amount|price|sum", "without|before|excl|excluding|ex", "tax|vat|gst"), "subtotal"),
    (("net", "total|sum"), "subtotal"),
    (("tax|sale tax|vat|gst", "charged|due|value|sum"), "tax"),
    (("amount|sum|total", "settled|collected|received|paid in"), "paid"),
    (("still|amount|sum|total|balance", "owed|owing|outstanding|unpaid|open|left|remaining"),
     "balance"),
    (("left to pay|to pay|still due|remaining due",), "balance"),
    (("payment|pay|settlement", "status|state"), "status invoice"),
    (("payable|to be paid|pay", "by|until|before"), "due"),
    (("maturity", "date"), "due date"),
    (("public|printed", "note|notes|remark"), "message"),
    (("note|notes|remark", "to|for", "client|customer"), "message"),
    (("private|internal|office|team|staff", "note|notes|remark|comment"), "notes"),
    # the price list
    (("sell|selling|sale|retail|charge|customer", "price|rate"), "unitprice"),
    (("buy|buying|purchase|landed|supplier|vendor|wholesale", "price|rate|cost"), "unitcost"),
    (("article|material|stock|part|product|item", "code|number"), "sku"),
    (("sold", "by|per"), "unit"),
    (("unit", "name"), "unit"),
    (("bought|purchased|supplied", "from|by"), "vendor name"),
    (("taxed|charge tax|charge sale tax|apply tax|tax applicable",), "taxable"),
    (("hidden|discontinued|retired|obsolete",), "archived"),
    (("stock|inventory", "level|quantity|count|held"), "stock"),
    (("held|quantity|available|current", "in", "stock"), "stock"),
    (("low|minimum|reorder", "stock|inventory|quantity", "level|count|"), "reorderpoint"),
    (("shipping|freight|delivery", "amount|charge|fee|price|total"), "shippingcost"),
    (("reorder", "when|at|below|quantity"), "reorderpoint"),
    (("subject to tax|liable to tax|tax liable",), "taxable"),
    (("sold|priced", "in"), "unit"),
    (("payment|paid|received|collected", "to date"), "paid"),
    (("paid in full", "on|date|"), "paiddate"),
    # records
    (("opened", "on|at|"), "created"),
    (("entry|registration|opening", "date"), "created date"),
    (("date", "entry|registration|opened"), "created date"),
    (("revised|edited|amended", "on|at|"), "updated"),
    (("last", "edit|save|saved|revision|amendment|change"), "updated"),
    (("last", "call|call date|appointment|meeting|reply"), "lastactivity"),
    (("owner|seller|representative|account handler|coordinator|advisor",), "owner"),
    (("year|date", "founded|established"), "founded"),
    (("founded|established|year of foundation|foundation year",), "founded"),
    (("observation|annotation",), "notes"),
    (("staff|workforce|personnel", "size|count|number"), "employees"),
    (("size staff",), "employees"),
    (("star", "value|rating"), "rating"),
    (("cc|copy", "email"), "secondary email"),
    (("line", "1"), "street"),
    (("line", "2"), "street2"),
    (("currency", "type"), "currency"),
    (("current", "state"), "status"),
    (("post", "code"), "postalcode"),
    (("type|kind|category", "of", "client|customer|contact"), "type person"),
)  # fmt: skip


def paraphrases() -> dict[str, str]:
    """Every phrase that the patterns give → the words it stands for."""
    found = {}
    for parts, meaning in _PATTERNS:
        for words in product(*(part.split("|") for part in parts)):
            found[" ".join(w for w in words if w)] = meaning
    return found
