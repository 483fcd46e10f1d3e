"""The columns that several kinds of export share, with the spellings of their headers.

No public source shows a real header row (docs/contractor_plus.md#columns), so every spelling is
an alias and none is trusted: matching ignores case, spaces, punctuation and currencies.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flitstack_pipeline.catalog.model import Column, Dataset


def column(
    name: str,
    headers: str = "",
    read: str = "",
    to: str = "",
    about: str = "",
    *,
    clean: str = "",
    unsure: tuple[str, ...] = (),
    beside: str = "",
    words: tuple[str, ...] = (),
    parent: str = "",
) -> Column:
    """A column in one line (see `model.Column`).

    Args:
        name: Its canonical name.
        headers: Its usual header and other spellings, `Paid Date|date paid|paid on`; the name in
            words where it has no other.
        read: How its cells are read, a word of `model.READINGS`.
        to: The field of the record that takes it.
        about: What it means.
        clean: Its name in the clean table, where that is another.
        unsure: Spellings that count only where the cells look like it.
        beside: The column of the time or of the day that belongs to it.
        words: The closed words of a status, each followed by other spellings.
        parent: The object type whose record it names.
    """
    usual, *aliases = (headers or name.replace("_", " ").title()).split("|")
    return Column(
        name, usual, tuple(aliases), unsure, read, to, clean, about, beside, words, parent
    )


def also(known: Column, headers: str, **changes: Any) -> Column:
    """A shared column with further spellings, and with what else is different."""
    return replace(known, aliases=(*known.aliases, *headers.split("|")), **changes)


# --- columns that several exports share --------------------------------------------------------

#: Told apart by their file's cells, not cleaned into a column of their own.
WORKSPACE = column("workspace", "Workspace|workspace name")
CREATED = column(
    "created",
    "Created Date|created|created at|created on|date created|date added|"
    "create date|creado|date de creation|client since|customer since",
    "stamp",
    about="created in the source",
)
UPDATED = column(
    "updated",
    "Updated Date|updated|updated at|last modified|modified|modified date|"
    "last updated|date updated",
    "stamp",
    about="last changed",
)
NOTES = column("notes", "Notes|note|comments|internal notes|remarks")
TAGS = column("tags", "Tags|labels|tag")
ASSIGNED = column(
    "assigned_to",
    "Assigned To|delegated to|assignee|owner|salesperson|staff|crew|team member|"
    "assigned team members|visits assigned to|technician|technicians|"
    "assigned technician|assigned technicians|assigned employee|"
    "assigned employees|assigned team|assigned crew|assigned staff|assigned user|"
    "assigned users|assigned tech|assigned techs|crew assigned|staff assigned|"
    "tech assigned|technician assigned|techs",
    "people",
    about="display names of assigned team members, first is the owner",
)
CLIENT_NAME = column(
    "client_name",
    "Client Name|client|customer|customer name|contact name|bill to|bill to name|billed to",
    "one_line",
    about="client name as read",
)
CLIENT_ID = column(
    "client_id",
    "Client ID|customer id|client number|client no|customer number|customer no|"
    "client ref|contact id",
    "reference",
    about="client id as read",
    clean="client_ref",
)
SERVICE_ADDRESS = column(
    "service_address",
    "Service Address|job address|site address|property address|work address",
    "long_line",
    about="service address",
)
#: Jobs and work orders have one address only: that of the work.
WORK_ADDRESS = also(SERVICE_ADDRESS, "address|full address|job site|jobsite address")
STATUS = column("status", "Status|state of record|record status|estado|statut")
TITLE = column("title", "Title|subject|description of work|project name", "one_line", about="title")
ESTIMATE_NO = column(
    "estimate_number",
    "Estimate #|estimate number|estimate no|quote number|quote no|quote|estimate|"
    "proposal number|bid number|estimate numbers|quote numbers",
)
INVOICE_NO = column(
    "invoice_number",
    "Invoice #|invoice number|invoice no|invoice|invoice numbers|invoice #s|inv number",
)
JOB_NO = column(
    "job_number",
    "Job #|job number|job no|job id|job|job numbers|job #s",
    "numbers",
    about="job numbers as read",
    clean="job_refs",
    parent="jobs",
)
WORK_ORDER_NO = column(
    "work_order_number",
    "Work Order #|work order number|work order no|wo|wo number|work order|work order id",
)
LINE_ITEMS = column("line_items", "Line Items|items|lines|line item summary")

PERSON = (
    column(
        "name",
        "Client Name|name|display name|contact name|customer name|customer|"
        "client|full name|nombre|nom",
    ),
    column("first_name", "First Name|first|given name"),
    column("last_name", "Last Name|last|surname|family name"),
    column(
        "business_name",
        "Business Name|company|company name|business|organization|organisation|account name",
    ),
    column("website", "Website|web site|url|web|web address|homepage", unsure=("site",)),
    column(
        "email",
        "Email|e mail|emails|e mails|email address|email addresses|primary email|"
        "email 1|email address 1|correo",
    ),
    column(
        "phone",
        "Phone|phone number|main phone|main phone numbers|primary phone|"
        "telephone|phones|phone numbers|phone 1|telefono",
    ),
    column(
        "mobile",
        "Mobile|cell|cell phone|mobile phone|mobile number|cell number|"
        "mobile phone numbers|cell phone number|mobile phone number|"
        "cell phone numbers|mobile numbers|phone 2|alternate phone|alt phone|"
        "secondary phone|other phone",
    ),
    column("address", "Billing Address|address|full address|mailing address|direccion"),
    column(
        "street",
        "Street|street 1|street address|address 1|address line 1|billing street|billing street 1",
    ),
    column(
        "street2", "Street 2|street line 2|address 2|address line 2|unit|apt|suite|billing street 2"
    ),
    column("city", "City|town|billing city"),
    column("state", "State|province|region|billing state|county"),
    column(
        "zip",
        "Zip|zip code|zipcode|postal code|postcode|post code|eircode|pincode|"
        "billing zip code|billing zip",
    ),
    column("country", "Country|billing country"),
    SERVICE_ADDRESS,
    column("lead_source", "Lead Source|source|referral source|how did you hear about us"),
    TAGS,
    STATUS,
    NOTES,
    ASSIGNED,
    CREATED,
    UPDATED,
    WORKSPACE,
)

#: Filled by reading alone, where a contact is no client (see `other_kinds.SOURCE_TYPES`).
PERSON_KIND = Column("person_kind", "Source_Type__c")

TOTALS = (
    column("subtotal", "Subtotal|sub total|pre tax total"),
    column("discount", "Discount|discount amount"),
    column("tax", "Tax|tax amount|sales tax"),
    column("total", "Total|grand total|total amount|amount|importe"),
)

#: Amounts of a job beside the one it is done for: where that is empty, the first of them stands in.
OTHER_AMOUNTS = (
    "quoted amount|quoted value|quoted price|quoted total|quote amount|quote total|"
    "contract amount|contract value|contract price|contract total|contract sum|bid amount|"
    "bid price|bid total|agreed price|agreed amount|estimated amount|estimated value|"
    "estimated price|estimated total|estimated revenue|estimate amount|estimate total|"
    "expected value|expected amount|expected revenue"
)

ITEM = (
    column("line_number", "Line #|line|line no|position|sort order"),
    column("type", "Type|item type|line type|category"),
    column("optional", "Optional|is optional"),
    column("selected", "Selected|approved|accepted|chosen"),
    column("recommended"),
    column("parent_assembly", "Parent Assembly|assembly|part of"),
    column("name", "Name|item|item name|line item|product|service|product service"),
    column("description", "Description|details|item description"),
    column("quantity", "Quantity|qty|hours|count"),
    column("unit", "Unit|unit type|uom|measurement"),
    column("unit_cost", "Unit Cost|cost"),
    column("markup", "Markup|mark up"),
    column("unit_price", "Unit Price|price|rate"),
    column("tax", "Tax|tax amount"),
    column("amount", "Amount|line total|total|extended price"),
    WORKSPACE,
)


def lines_of(documents: str, label: str, number: Column) -> Dataset:
    """The kind of export of the lines of a declared object type, with the usual columns.

    Args:
        documents: The object type whose lines they are.
        label: What they are called.
        number: The column that names the document of a line.
    """
    singular = documents.removesuffix("s")
    noun = singular.replace("_", " ")
    return Dataset(
        f"{singular}_items",
        label,
        (number, *ITEM),
        (number.name, "line_number"),
        (number.name, "quantity", "name"),
        (f"{singular}_items", f"{singular}_line_items", f"{singular}_lines"),
        ("line item", "item", "line", "product", f"{noun} item"),
        (number.name, "name", "quantity|unit_price|amount"),
        documents,
    )
