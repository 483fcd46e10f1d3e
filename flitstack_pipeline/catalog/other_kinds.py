"""Kinds of file that contractors have beside the exports of Contractor+, each with a destination.

None is known to be an export of Contractor+ (docs/contractor_plus.md#exports), and their columns
differ from tool to tool: such a file is never taken for granted, it is asked about once, with what
its rows would become. Words: headers and report names of public field-service tools (Jobber,
Housecall Pro, ServiceTitan, Joist; docs/contractor_plus.md#similar-tools). Belongs here: names,
columns, destinations. Does not: recognising (`reading.recognise`), reading
(`reading.other_rows`).
"""

from __future__ import annotations

from dataclasses import dataclass

from flitstack_pipeline.catalog.model import Column, Dataset
from flitstack_pipeline.catalog.not_moved import REASONS
from flitstack_pipeline.catalog.source import BY_KEY

#: What the rows of such a file become.
TASK, MEETING, NOTE, CONTACT, NOT_MOVED = "task", "meeting", "note", "contact", "not moved"
_EFFECT = {
    TASK: "each row becomes a task on the contact of the record it names",
    MEETING: "each row becomes a meeting on the contact of the record it names: a note, or an "
    "appointment where the map says so",
    NOTE: "each row becomes a readable note, with every cell, on the record it names",
    CONTACT: "each row becomes a contact, told from clients by its Source_Type__c",
    NOT_MOVED: "nothing of it is moved, and the certificate says so",
}


@dataclass(frozen=True)
class OtherKind:
    """One such kind: what tells it (as of any dataset), and what its rows become."""

    dataset: Dataset
    becomes: str

    @property
    def key(self) -> str:
        """The word for it, which is also the answer that names it."""
        return self.dataset.key

    @property
    def effect(self) -> str:
        """What choosing it would do, in words."""
        return REASONS.get(self.key) or _EFFECT[self.becomes]


def _shared(dataset: str, *names: str) -> tuple[Column, ...]:
    return tuple(BY_KEY[dataset].by_name[name] for name in names)


def _columns(*headers: str) -> tuple[Column, ...]:
    """Columns by their headers; "Due Date|due|deadline" lists further spellings."""
    found = []
    for header in headers:
        usual, *more = header.split("|")
        name = usual.casefold().replace("#", "number").replace("/", " ").replace("-", " ")
        found.append(Column("_".join(name.split()), usual, tuple(more)))
    return tuple(found)


#: The records a row may name, the nearest first.
LINKS = (
    *_shared("work_orders", "work_order_number"),
    *_shared("visits", "job_number"),
    *_shared("payments", "invoice_number"),
    *_shared("estimate_items", "estimate_number"),
    *_shared("jobs", "client_id", "client_name"),
)
_COMMON = (*_shared("jobs", "status", "notes", "workspace", "created"),)
_WHO = _shared("visits", "assigned_to")
_DATE = Column("date", "Date", ("when", "day"))
_ADDRESS = _shared("jobs", "service_address")


def _kind(
    key: str,
    label: str,
    becomes: str,
    names: str,
    columns: tuple[Column, ...],
    *,
    subjects: str,
    tells: tuple[str, ...],
) -> OtherKind:
    """One kind; `names` are words of file names, the singular included, separated by commas."""
    nouns = tuple(s.strip() for s in subjects.split(","))
    own = Column(
        "id", f"{nouns[0].title()} ID", tuple(f"{n} {w}" for n in nouns for w in _ID_WORDS)
    )
    stems = tuple(name.strip() for name in names.split(","))
    dataset = Dataset(
        key, label, (own, *columns, *LINKS, *_COMMON), ("id",), tells, stems, nouns, ()
    )  # fmt: skip
    return OtherKind(dataset, becomes)


_ID_WORDS = ("id", "number", "no", "ref")

OTHER_KINDS: tuple[OtherKind, ...] = (
    _kind(
        "tasks", "Tasks", TASK, "tasks, task, to do, todo, to dos, todos, action items, follow ups, "
        "reminders, punch list, punch lists, punchlist",
        (*_columns("Task|task name|to do|todo|action|action item|reminder|punch item", "Title|subject",
                   "Due Date|due|due by|deadline|due on", "Priority",
                   "Completed|done|complete|is done|finished|completed on|completed date|date completed",
                   "Description|details|body", "Completed By|done by", "Created By|author"), *_WHO),
        subjects="task, to do, todo, reminder", tells=("task|completed", "due_date|priority|task"),
    ),
    _kind(
        "appointments", "Schedule and appointments", MEETING, "schedule, schedules, appointments, "
        "appointment, calendar, bookings, booking, events, event, dispatch, dispatch board, agenda, "
        "shifts, visit schedule, crew schedule, job schedule, site visits",
        (_DATE, *_columns("Start Time|start|starts|from|time|arrival|arrival window|time window",
                          "End Time|end|ends|to|until", "Appointment|event|event type|appointment type"
                          "|booking|title|subject|service", "Location", "Duration",
                          "Attendees|guests", "All Day|all day event", "Start Date", "End Date"),
         *_WHO, *_ADDRESS),
        subjects="appointment, event, booking, schedule",
        tells=("date|start_time", "start_time|end_time|duration"),
    ),
    _kind(
        "vendors", "Vendors and subcontractors", CONTACT, "vendors, vendor, suppliers, supplier, "
        "subcontractors, subcontractor, subs, trade partners, vendor list, payees",
        _columns("Vendor|vendor name|supplier|supplier name|subcontractor|subcontractor name|company"
                 "|company name|name", "Contact Name|contact|contact person|rep", "Email|email address",
                 "Phone|phone number|telephone", "Mobile|cell", "Address|full address", "Street",
                 "City", "State", "Zip|postal code", "Website|url", "Trade|specialty|category",
                 "Account Number|account no", "Tax ID|ein|1099", "Terms|payment terms", "License"
                 "|license number|insurance|insurance expires"),
        subjects="vendor, supplier, subcontractor, payee", tells=("vendor", "phone|email|terms|trade"),
    ),
    _kind(
        "client_contacts", "Contact persons of clients", CONTACT, "client contacts, customer contacts, "
        "contacts, contact, contact persons, contact people, additional contacts, contact list",
        _columns("Contact Name|contact|contact person|name", "First Name|contact first name",
                 "Last Name|contact last name", "Email|contact email", "Phone|contact phone",
                 "Mobile|contact mobile|cell", "Role|title|contact title|contact role|position|relationship"
                 "|job title", "Is Primary|primary|primary contact|billing contact", "Company|company name"),
        subjects="contact, person", tells=("contact_name|first_name", "client_id|client_name", "role|is_primary"),
    ),
    _kind(
        "equipment", "Equipment and assets", NOTE, "equipment, assets, asset, installed equipment, "
        "units, appliances, tools, vehicles, fleet, customer equipment, asset register",
        (*_columns("Equipment|equipment name|equipment type|asset|asset name|asset type|unit name"
                   "|appliance|tool|vehicle", "Make|manufacturer|brand", "Model|model number|model no",
                   "Serial Number|serial|serial no|vin", "Install Date|installed|installed on"
                   "|date installed|purchase date", "Warranty Expires|warranty end|warranty until",
                   "Condition", "Location", "Last Service|last serviced|next service"), *_ADDRESS),
        subjects="equipment, asset, unit, vehicle, tool", tells=("equipment|model|make", "serial_number|model|make"),
    ),
    _kind(
        "permits", "Permits", NOTE, "permits, permit, building permits, permit log",
        _columns("Permit|permit type|type of permit", "Jurisdiction|authority|municipality"
                 "|issuing authority", "Applied|application date|applied date|applied on|submitted",
                 "Issued|issue date|issued date|issued on|date issued", "Expires|expiration|expiration date"
                 "|expiry date|expires on", "Fee|fees|permit fee|cost", "Type", "Inspector", "Approved"),
        subjects="permit", tells=("id|permit", "jurisdiction|issued|expires|applied"),
    ),
    _kind(
        "inspections", "Inspections", NOTE, "inspections, inspection, inspection reports, site inspections, "
        "safety inspections, inspection log",
        (_DATE, *_columns("Inspection|inspection type|type", "Inspector|inspected by|inspector name",
                          "Result|outcome|pass fail|passed|score|grade", "Inspection Date|inspected on|inspected",
                          "Deficiencies|findings|defects|corrections", "Reinspection Date")),
        subjects="inspection", tells=("inspector|inspection_date|inspection", "result|inspection|deficiencies"),
    ),
    _kind(
        "checklists", "Checklists and forms", NOTE, "checklists, checklist, forms, form responses, "
        "form submissions, job forms, safety forms, job checklists, daily logs, daily log, site logs",
        (_DATE, *_columns("Checklist|checklist name|form|form name|template", "Item|question|step|task|field",
                          "Done|checked|answer|response|completed|complete|value", "Done By|completed by"
                          "|submitted by|checked by", "Completed At|submitted at|completed on|completed date")),
        subjects="checklist, form, submission", tells=("checklist", "item|done|done_by|completed_at"),
    ),
    _kind(
        "warranties", "Warranties", NOTE, "warranties, warranty, guarantees, warranty claims, guarantee",
        _columns("Warranty|warranty type|coverage|covered|guarantee", "Item|product|work|service",
                 "Warranty Start|start date|starts|effective date|start", "Warranty End|warranty expires|warranty expiration"
                 "|warranty until|expires|expiration date|end date|end|expiry date", "Term|length|years|months|period",
                 "Provider|manufacturer|warrantor", "Claim|claim date|claim number"),
        subjects="warranty, guarantee, claim", tells=("warranty|warranty_end", "warranty_start|warranty_end|term|provider"),
    ),
    _kind(
        "contracts", "Contracts, agreements and service plans", NOTE, "contracts, contract, agreements, "
        "agreement, service agreements, service plans, service plan, memberships, membership, "
        "maintenance plans, maintenance agreements, subscriptions, recurring plans",
        _columns("Contract|contract name|contract title|contract type|agreement|agreement name|plan|plan name"
                 "|membership|membership type|service plan|subscription|template", "Title|name",
                 "Signed|signed date|signed on|date signed|signed at", "Signed By|signer|signatory|signature",
                 "Start Date|effective date|starts|start", "End Date|expires|expiration date|renewal date|renews|end"
                 "|next billing date", "Value|contract value|amount|price|total", "Billing Frequency|frequency|billing cycle|term",
                 "Auto Renew|auto renewal", "Sent|sent date"),
        subjects="contract, agreement, membership, plan, subscription",
        tells=("contract", "signed|signed_by|start_date|end_date|billing_frequency"),
    ),
    _kind(
        "reviews", "Reviews and feedback", NOTE, "reviews, review, feedback, ratings, surveys, survey, "
        "testimonials, nps, survey responses",
        (_DATE, *_columns("Rating|stars|score|star rating|nps score", "Review|comment|comments|feedback|review text"
                          "|testimonial", "Reviewer|reviewer name|author", "Source|platform|site", "Reply|response",
                          "Review Date|reviewed on|submitted")),
        subjects="review, survey, feedback", tells=("rating", "review|reviewer|review_date|source"),
    ),
    _kind(
        "purchase_orders", "Purchase orders", NOTE, "purchase orders, purchase order, pos, po list, po log, purchases, orders",
        (_DATE, *_columns("Vendor|vendor name|supplier|supplier name", "Order Date|ordered|po date|date ordered",
                          "Expected|expected date|delivery date|received|received date|eta", "Total|amount|po total|cost",
                          "Ship To|deliver to", "Ordered By|buyer|requested by", "Item|items|description")),
        subjects="po, purchase order, order", tells=("id", "vendor|order_date|expected|ordered_by"),
    ),
    _kind(
        "bills", "Bills of vendors", NOTE, "bills, bill, vendor bills, accounts payable, payables, vendor invoices",
        (_DATE, *_columns("Vendor|vendor name|supplier|supplier name|payee", "Bill Date", "Due Date|due",
                          "Amount|total|bill amount", "Balance|amount due|open balance", "Paid|paid date", "Category|account")),
        subjects="bill", tells=("id|bill_date", "vendor"),
    ),
    _kind(
        "credit_notes", "Credit notes and refunds", NOTE, "credit notes, credit note, credits, credit memos, "
        "credit memo, refunds, refund, chargebacks, write offs",
        (_DATE, *_columns("Amount|total|credit amount|refund amount|credit", "Reason|refund reason", "Applied|applied to"
                          "|amount applied|remaining|unapplied", "Refunded By|issued by", "Refund Date|credit date|issue date",
                          "Method|refund method")),
        subjects="credit note, credit memo, credit, refund", tells=("id|refund_date", "amount|applied|reason"),
    ),
    _kind(
        "job_costs", "Job costs", NOTE, "job costs, job costing, job cost, costs, costing, cost report, job cost report, "
        "job budgets, budgets, budget",
        (_DATE, *_columns("Labor Cost|labor costs|labor|labour cost|labour", "Material Cost|material costs|materials|materials cost",
                          "Subcontractor Cost|sub cost|equipment cost|other cost|other costs|overhead", "Cost Code|cost type|cost category",
                          "Cost|costs|total cost|total costs|actual cost|amount|actual", "Budget|budgeted|estimated cost|budget amount",
                          "Variance|over under", "Vendor|supplier", "Description|item", "Revenue|total revenue|income",
                          "Profit|gross profit|net profit", "Margin|profit margin|gross margin|profit percent|margin percent")),
        subjects="cost", tells=("labor_cost|material_cost|cost|subcontractor_cost", "labor_cost|material_cost|cost_code|budget|variance"),
    ),
    _kind(
        "materials", "Materials and items of jobs", NOTE, "materials, job materials, material list, materials list, job items, "
        "job line items, work order items, parts, parts used, job parts, bill of materials, takeoff, takeoffs",
        (_DATE, *_columns("Material|material name|item|item name|part|part name|product|description", "Quantity|qty|quantity used|count",
                          "Unit|uom", "Unit Cost|cost|cost each", "Unit Price|price|rate", "Total|total cost|amount|line total",
                          "Supplier|vendor", "SKU|part number|code"),),
        subjects="material, part, item", tells=("material", "quantity", "job_number|work_order_number"),
    ),
    _kind(
        "messages", "Messages and logs", NOTE, "messages, message log, texts, text messages, sms, sms log, chat, chats, "
        "conversations, communications, communication log, email log, history, audit log, activity log, call log, voicemails",
        (_DATE, *_columns("Message|text|body|content|transcript", "Direction|in out|type", "From|sender|sent by", "To|recipient|sent to",
                          "Subject", "Channel|medium", "Sent At|timestamp|sent|time|date time", "Duration", "Outcome|disposition")),
        subjects="message, conversation, call", tells=("message|direction", "direction|from|to|channel|sent_at"),
    ),
    _kind(
        "requests", "Requests and tickets", NOTE, "requests, request, service requests, work requests, tickets, ticket, inquiries, "
        "enquiries, online bookings, form leads, complaints, issues",
        (_DATE, *_columns("Request|request title|request type|issue|problem|subject|title|service|complaint", "Requested On|requested|request date|received"
                          "|submitted|date received", "Details|description|message", "Urgency|priority", "Preferred Date|preferred time"), *_WHO),
        subjects="request, ticket, inquiry", tells=("request", "requested_on|urgency|preferred_date|details"),
    ),
    _kind(
        "inventory", "Inventory", NOT_MOVED, "inventory, stock, stock levels, warehouse, inventory list, stock list, inventory count, truck stock",
        _columns("Item|item name|product|part|name|description", "SKU|part number|code|upc|barcode", "On Hand|quantity on hand|qty on hand|in stock|stock"
                 "|quantity in stock|quantity|qty|available|count", "Reorder Level|reorder point|min|minimum|par level|max", "Location|warehouse|bin|shelf|truck",
                 "Unit Cost|cost|average cost", "Value|stock value|total value", "Supplier|vendor", "Unit|uom", "Unit Price|price", "Category"),
        subjects="inventory, stock", tells=("on_hand", "reorder_level|location|value"),
    ),
    _kind(
        "reports", "Reports of sums", NOT_MOVED, "aging, ageing, aging report, aged receivables, accounts receivable, profit, profitability, profit report, "
        "profit and loss, p l, revenue, revenue report, sales report, sales summary, summary, tax report, sales tax, commissions, commission, payroll, "
        "balance sheet, cash flow, statement, statements, kpis, dashboard, leaderboard, totals, forecast, financials",
        (_DATE, *_columns("Current|not due", "1 - 30|0 - 30|1 30 days|0 30 days|1 to 30", "31 - 60|31 60 days|31 to 60", "61 - 90|61 90 days|61 to 90",
                          "Over 90|90|91|90 days|over 90 days|91 days|91 and over|older|90 plus", "Revenue|income|total revenue|sales|total sales|invoiced|gross",
                          "Cost|costs|total cost|total costs|expenses|total expenses|cogs", "Profit|gross profit|net profit|net income|net",
                          "Margin|profit margin|gross margin|profit percent|margin percent", "Total|total due|balance|outstanding", "Month|period|year|quarter|week",
                          "Commission|commission rate|commission amount", "Taxable Sales|tax collected", "Count|jobs|job count|number of jobs|invoices|average")),
        subjects="report", tells=("current|profit|revenue|commission|taxable_sales", "over_90|31_60|margin|cost|month|commission|taxable_sales"),
    ),
)  # fmt: skip

#: Any file, when a person says so: each row is kept on the record it names.
ANY_NOTE = OtherKind(
    Dataset(
        "note",
        "Anything, kept as notes",
        (
            _DATE,
            *_columns("Title|subject|name|description", "Author|created by|by|user"),
            *LINKS,
            *_COMMON,
        ),
        ("job_number",),
        ("job_number",),
    ),
    NOTE,
)

OTHER: dict[str, OtherKind] = {k.key: k for k in (*OTHER_KINDS, ANY_NOTE)}
#: What Source_Type__c says of the contacts that such a file becomes.
SOURCE_TYPES: dict[str, str] = {"vendors": "Vendor", "client_contacts": "Contact person"}


def feeds(kind: str) -> str:
    """The kind of export that the rows of a kind of file are read with."""
    if kind not in OTHER:
        return kind
    return "clients" if OTHER[kind].becomes == CONTACT else "activities"


#: The kinds of export that rows of other kinds of file may be read with.
FED = frozenset(feeds(key) for key in OTHER)


def is_left_behind(kind: str) -> bool:
    """Whether nothing of a kind of file is moved, declared so in `not_moved`."""
    return kind in OTHER and OTHER[kind].becomes == NOT_MOVED


#: Every kind of file there is a name for: exports of Contractor+, and others.
KINDS: dict[str, Dataset] = {**BY_KEY, **{key: kind.dataset for key, kind in OTHER.items()}}
