"""Other words for what headers say, put together from parts: `sell rate`, `amount without tax`.

Written from a thesaurus, part by part, so that every combination is there, not only those that
some vendor uses. Belongs here: phrases made of parts. Does not: vendors' own phrases and words
(`mapping.vocabulary`). Words are in the singular, as `meanings.words_of` leaves them.
"""

from __future__ import annotations

import re
from itertools import product

Patterns = tuple[tuple[tuple[str, ...], str], ...]

_PEOPLE_AND_PLACES: Patterns = (
    (("|field|service|assigned|site|allocated", "engineer|operative|tradie|electrician|plumber|"
      "fitter|inspector|driver|roofer|painter"), "technician"),
    (("handler|consultant|closer|setter|sale consultant|sale executive|managed by|handled by|"
      "looked after by|account holder|sale contact",), "owner"),
    (("case|relationship", "owner"), "owner"),
    (("raised|logged|taken|reported|opened|recorded", "by"), "creator"),
    (("point of contact|contact point|attention|attn|key contact|contact person|main contact|"
      "primary contact|primary person|contact name",), "name person"),
    (("second name",), "lastname"),
    (("middle initial|mi",), "middlename"),
    (("known as|goe by|go by|preferred first name|called",), "nickname"),
    (("name title",), "salutation"),
    (("post nominal|postnominal|generational suffix",), "suffix"),
    (("role|profession|job function|position held",), "jobtitle"),
    (("born|born on",), "birthday"),
    (("handset|gsm|handphone|hand phone|what app|whatsapp|whatsapp number",), "mobile phone"),
    (("direct dial|ddi|switchboard",), "work phone"),
    (("number email|no email|email suppressed|suppress email",), "email optout"),
    (("number call|no call",), "phone optout"),
    (("marketing email ok|email ok|may email|can email",), "email optin"),
    (("trading as|trade name|dba|registered name|registered company name",), "company"),
    (("place of work|work site|installation site|installation address|site address",),
     "site street"),
    (("street name and number|street and number|house and street",), "street"),
    (("floor|flat|flat number|room|unit floor",), "street2"),
    (("prefecture|canton|emirate",), "state"),
    (("village|hamlet|borough",), "city"),
    (("cep|cap code|zip postal|postal zip",), "postalcode"),
    (("employee", "approx|range|total"), "employees"),
    (("sale volume|annual sale|yearly sale|arr|annual recurring revenue",), "annualrevenue"),
    (("media|found us via|found us|enquiry source|lead source|heard via|referral type",), "source"),
)  # fmt: skip

_DAYS: Patterns = (
    (("raised|logged|reported|lodged|booked|joined|enrolled|recorded|acquired", "|on|at|date"),
     "created"),
    (("date", "raised|logged|reported|lodged|booked|joined|enrolled|recorded|acquired"),
     "created date"),
    (("join|enrolment|first seen", "|date"), "created"),
    (("dated|dated on|tax date|doc date|bill date",), "issued"),
    (("commencement|commence|eta", "|date"), "start"),
    (("settlement|settled|remittance", "date|on"), "paiddate"),
    (("date", "settled|cleared"), "paiddate"),
    (("last payment|payment received", "on|date|at"), "paiddate"),
    (("deadline|maturity",), "due"),
    (("next", "visit|appointment|service|service due|call|job|meeting"), "nextactivity"),
    (("last", "spoke|spoken|engaged|reached"), "lastactivity"),
    (("edit|amendment|revision", "date|on"), "updated"),
    (("sign|signing|signature|award", "date"), "closedate"),
)  # fmt: skip

_MONEY: Patterns = (
    (("net|nett|untaxed|taxable|good|pre tax", "amount|value|sum"), "subtotal"),
    (("net|nett|amount net of tax|net of tax|total net of tax",), "subtotal"),
    (("vat|gst|hst|tax", "amount|total|value|sum"), "tax"),
    (("vat|gst|hst|tax", "rate|percent|percentage"), "taxrate"),
    (("invoice|bill", "value|amount|sum"), "total invoice"),
    (("total|amount|value|sum", "invoiced|billed"), "total"),
    (("invoiced|billed", "total|amount|value|sum|to date"), "total"),
    (("paid|received|settled|collected", "value|sum|total"), "paid"),
    (("payment|credit|receipt", "applied|allocated"), "paid"),
    (("due|unpaid|open|outstanding|owing", "value|amount|sum|total"), "balance"),
    (("customer|client|your|order|purchase order|po", "reference|order number|order reference"),
     "ponumber"),
    (("agreed|sold|contracted|awarded|contract|estimated|est|potential|projected",
      "price|sum|value|revenue|worth"), "dealvalue"),
    (("win|close|closing", "percent|percentage"), "probability"),
    (("expense|job expense|actual cost",), "jobcost"),
    (("rrp|msrp|recommended price|each|unit sell",), "unitprice"),
    (("trade price|last cost|average cost|unit buy",), "unitcost"),
    (("terms|term|payment terms|payment term", "daycount"), "terms"),
    (("credit|net|payment", "daycount"), "terms"),
)  # fmt: skip

_WORK_AND_THINGS: Patterns = (
    (("problem|fault|reported fault|reported problem|symptom|brief|job brief|nature of work|works|"
      "work to do|work required|work detail|problem reported",), "description"),
    (("extra information|extra info|extra note",), "notes"),
    (("pack size|selling unit|unit of sale|uo m",), "unit"),
    (("quantity|stock|unit", "available|remaining"), "stock"),
    (("available|inventory|on hand quantity|available quantity",), "stock"),
    (("re order", "level|point|quantity"), "reorderpoint"),
    (("par level|minimum quantity|minimum level|minimum stock",), "reorderpoint"),
    (("item|product|part|catalogue|catalog|article", "reference|number|no"), "sku"),
    (("ean|gtin|isbn",), "barcode"),
    (("item|product|part|service", "group|family|class"), "category"),
    (("step|current step",), "stage"),
    (("deal|workflow|order|ticket", "state"), "status"),
    (("board|process",), "pipeline"),
    (("reason for losing|lost reason detail|lost reason remark|closed reason",), "lostreason"),
    (("tag", "list"), "tags"),
    (("flag",), "tags"),
    (("duration", "hour|minute|day"), "duration"),
    (("est|estimate|estimated|planned|budgeted", "hour|hours"), "estimatedhours"),
    (("severity",), "priority"),
    (("job|project|work order|ticket|case", "reference|ref|code"), "number deal"),
)  # fmt: skip

#: (parts of a phrase, each with its choices; "" where it may be missing) → what it stands for.
_PATTERNS: Patterns = (
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
    (("stock|inventory", "alert|warning", "level|quantity|count|"), "reorderpoint"),
    (("current", "quantity|stock|inventory"), "stock"),
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
    (("file|filed", "as"), "name display"),
    (("mr|mr mrs|mr ms|mr mrs ms|form of address",), "salutation"),
    (("f", "name"), "firstname"),
    (("l", "name"), "lastname"),
    (("extended|supplementary|additional", "address"), "street2"),
    (("accepts|accept|receives|receive|wants|allows|allow", "|promotional|promotion|marketing",
      "marketing|newsletter|promotion|mailing|offer"), "optin"),
    (("accepts|accept|receives|receive|wants|allows|allow", "email", "marketing|newsletter|offer"),
     "email optin"),
    (("accepts|accept|receives|receive|wants|allows|allow", "sms|text", "marketing|offer"),
     "sms optin"),
    (("line", "1"), "street"),
    (("line", "2"), "street2"),
    (("currency", "type"), "currency"),
    (("current", "state"), "status"),
    (("post", "code"), "postalcode"),
    (("type|kind|category", "of", "client|customer|contact"), "type person"),
    *_PEOPLE_AND_PLACES,
    *_DAYS,
    *_MONEY,
    *_WORK_AND_THINGS,
)  # fmt: skip


def paraphrases() -> dict[str, str]:
    """Every phrase that the patterns give → the words it stands for."""
    found = {}
    for parts, meaning in _PATTERNS:
        for words in product(*(part.split("|") for part in parts)):
            phrase = " ".join(w for w in words if w)
            found[phrase] = meaning
            if "sale" in phrase.split():
                found[re.sub(r"\bsale\b", "sales", phrase)] = meaning
    return found
