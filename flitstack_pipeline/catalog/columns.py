"""The columns that several kinds of export share, with the spellings of their headers.

No public source shows a real header row (docs/contractor_plus.md#columns), so every spelling is
an alias and none is trusted: matching ignores case, spaces, punctuation and currencies.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flitstack_pipeline.catalog import statuses
from flitstack_pipeline.catalog.model import (
    BOOL,
    INT,
    MONEY,
    QUANTITY,
    TEXT,
    Column,
    Dataset,
    Field,
)
from flitstack_pipeline.catalog.statuses import closed


def column(line: str, words: tuple[str, ...] = ()) -> Column:
    """A column from a line `name: headers; reading; field; meaning`; what is empty may be left out.

    Args:
        line: Headers are its usual one and other spellings, separated by `|`, those that count only
            where the cells look like it after a `?`; without any the name in words. The reading is
            a word of `model.READINGS`, in brackets where a function reads the cell as that, then
            `as CLEAN` for its name in the clean table, `beside COLUMN` for that of its time or
            day, `of PARENT` for the object type whose record it names, `required` at the end where
            a row without it is refused.
        words: The closed words of a status, each followed by other spellings.

    Raises:
        ValueError: The line says something else.
    """
    name, _, rest = line.strip().partition(":")
    headers, reading, to, about = (part.strip() for part in f"{rest};;;".split(";")[:4])
    spelled = [h for h in headers.split("|") if h] or [name.replace("_", " ").title()]
    read, *more = reading.split() or [""]
    holds = read[1:-1] if read.startswith("(") else ""
    required = more[-1:] == ["required"]
    more = more[:-1] if required else more
    told = dict(zip(more[::2], more[1::2], strict=False))
    if len(more) % 2 or told.keys() - {"as", "beside", "of"}:
        raise ValueError(
            f"column {name}: behind the reading stands `as CLEAN`, `beside COLUMN`, `of PARENT` or "
            f"`required`, not {reading!r}"
        )
    return Column(
        name,
        spelled[0],
        tuple(h for h in spelled[1:] if not h.startswith("?")),
        tuple(h[1:] for h in spelled[1:] if h.startswith("?")),
        "" if holds else read,
        to,
        told.get("as", ""),
        about,
        told.get("beside", ""),
        words,
        told.get("of", ""),
        required,
        holds,
    )


def columns(lines: str) -> tuple[Column, ...]:
    """Columns from lines (see `column`)."""
    return tuple(column(line) for line in lines.strip().splitlines())


def also(known: Column, headers: str = "", **changes: Any) -> Column:
    """A shared column with further spellings, and with what else is different."""
    further = headers.split("|") if headers else []
    return replace(known, aliases=(*known.aliases, *further), **changes)


# --- columns that several exports share --------------------------------------------------------

#: Told apart by their file's cells, not cleaned into a column of their own.
WORKSPACE = column("workspace: Workspace|workspace name")
CREATED = column(
    "created: Created Date|created|created at|created on|date created|date added|create date|creado|date de creation|client since|customer since; stamp; Original_Create_Date__c Original_Create_Time__c; created in the source"
)
UPDATED = column(
    "updated: Updated Date|updated|updated at|last modified|modified|modified date|last updated|date updated; stamp; Original_Update_Date__c Original_Update_Time__c; last changed"
)
NOTES = column("notes: Notes|note|comments|internal notes|remarks; plain_note; ; notes, sanitised")
TAGS = column("tags: Tags|labels|tag; words; ; tags")
ASSIGNED = column(
    "assigned_to: Assigned To|delegated to|assignee|owner|salesperson|staff|crew|team member|assigned team members|visits assigned to|technician|technicians|assigned technician|assigned technicians|assigned employee|assigned employees|assigned team|assigned crew|assigned staff|assigned user|assigned users|assigned tech|assigned techs|crew assigned|staff assigned|tech assigned|technician assigned|techs; people; ; display names of assigned team members, first is the owner"
)
CLIENT_NAME = column(
    "client_name: Client Name|client|customer|customer name|contact name|bill to|bill to name|billed to; one_line; ; client name as read"
)
CLIENT_ID = column(
    "client_id: Client ID|customer id|client number|client no|customer number|customer no|client ref|contact id; reference as client_ref; ; client id as read"
)
SERVICE_ADDRESS = column(
    "service_address: Service Address|job address|site address|property address|work address; long_line; ; service address"
)
#: Jobs and work orders have one address only: that of the work.
WORK_ADDRESS = also(SERVICE_ADDRESS, "address|full address|job site|jobsite address")
STATUS = column("status: Status|state of record|record status|estado|statut; ; ; closed vocabulary")
TITLE = column("title: Title|subject|description of work|project name; one_line; ; title")
ESTIMATE_NO = column(
    "estimate_number: Estimate #|estimate number|estimate no|quote number|quote no|quote|estimate|proposal number|bid number|estimate numbers|quote numbers; numbers as estimate_refs of estimates; ; estimate numbers as read"
)
INVOICE_NO = column(
    "invoice_number: Invoice #|invoice number|invoice no|invoice|invoice numbers|invoice #s|inv number; numbers as invoice_refs of invoices; ; invoice numbers as read"
)
JOB_NO = column(
    "job_number: Job #|job number|job no|job id|job|job numbers|job #s; numbers as job_refs of jobs; ; job numbers as read"
)
WORK_ORDER_NO = column(
    "work_order_number: Work Order #|work order number|work order no|wo|wo number|work order|work order id"
)
LINE_ITEMS = column(
    "line_items: Line Items|items|lines|line item summary; long_text; ; line items in one cell, as read"
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
    *columns(
        """
        line_number: Line #|line|line no|position|sort order
        type: Type|item type|line type|category
        optional: Optional|is optional
        selected: Selected|approved|accepted|chosen
        recommended:
        parent_assembly: Parent Assembly|assembly|part of
        name: Name|item|item name|line item|product|service|product service
        description: Description|details|item description
        quantity: Quantity|qty|hours|count; (money)
        unit: Unit|unit type|uom|measurement
        unit_cost: Unit Cost|cost; (money)
        markup: Markup|mark up
        unit_price: Unit Price|price|rate; (money)
        tax: Tax|tax amount; (money)
        amount: Amount|line total|total|extended price; (money)
        """
    ),
    WORKSPACE,
)
#: The clean columns of a line; `cleaning.rows.documents` reads them.
ITEM_FIELDS = (
    Field("document_key", TEXT, "source key of the estimate or invoice", required=True),
    Field("line_number", INT, "position, from 1", required=True),
    Field("type", TEXT, "labor, material, …", isin=closed(statuses.ITEM)),
    Field("optional", BOOL, "outside the total unless selected"),
    Field("selected", BOOL, "optional item the client picked"),
    Field("recommended", BOOL, "optional item marked recommended"),
    Field("parent_assembly", TEXT, "assembly this component belongs to"),
    Field("name", TEXT, "item name"),
    Field("description", TEXT, "description"),
    Field("quantity", QUANTITY, "quantity, may be fractional"),
    Field("unit", TEXT, "unit of measure"),
    Field("unit_cost", MONEY, "cost per unit"),
    Field("markup", TEXT, "markup as read (money or percent)"),
    Field("unit_price", MONEY, "price per unit"),
    Field("tax", MONEY, "tax of the line"),
    Field("amount", MONEY, "stated line total"),
)
#: Which record a file or a note hangs on.
RECORD = columns(
    """
    record_type: Record Type|module|object|parent type
    record_number: Record #|record id|record number|parent id|record
    """
)


def totals(prefix: str = "") -> tuple[Column, ...]:
    """The amounts a document states; `prefix` begins the names of their fields."""
    return columns(
        f"""
        subtotal: Subtotal|sub total|pre tax total; money; {prefix}Subtotal__c; before discount and tax
        discount: Discount|discount amount; money; {prefix}Discount__c; discount amount
        tax: Tax|tax amount|sales tax; money; {prefix}Tax__c; tax amount
        total: Total|grand total|total amount|amount|importe; critical_money; {prefix}Total__c; stated total (never recomputed)
        """
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
        (replace(number, read=""), *ITEM),
        (number.name, "line_number"),
        (number.name, "quantity", "name"),
        (f"{singular}_items", f"{singular}_line_items", f"{singular}_lines"),
        ("line item", "item", "line", "product", f"{noun} item"),
        (number.name, "name", "quantity|unit_price|amount"),
        documents,
        further=ITEM_FIELDS,
        joined=(documents, "lines"),
    )
