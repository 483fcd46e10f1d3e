"""The columns of every Contractor+ export, under one canonical name each, with their aliases.

No public source shows a real header row (docs/contractor_plus.md#columns), so every spelling is
an alias and none is trusted: matching ignores case, spaces, punctuation and currencies, and a word
that only names the file's own subject ("Client Email" among clients). Belongs here: datasets,
canonical columns, aliases, what identifies a row. Does not: reading (`contractor_plus`), types
after cleaning (`clean`), kinds of file that are no export of Contractor+ (`other_kinds`).
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Column:
    """One column of an export: its canonical name, its usual header and other spellings.

    `unsure` are spellings that count only where the cells look like it.
    """

    name: str
    header: str
    aliases: tuple[str, ...] = ()
    unsure: tuple[str, ...] = ()

    @property
    def spellings(self) -> tuple[str, ...]:
        """Every known spelling, the canonical name included."""
        return (self.header, self.name.replace("_", " "), *self.aliases)


@dataclass(frozen=True)
class Dataset:
    """One kind of export file: its columns, which of them is the id, which tell it apart.

    `signature` names columns that no other dataset has together. `subjects` are the nouns of its
    records: they name its own id ("Job ID"), and say nothing new before one of its columns ("Job
    Status"). `business_keys` identify a row where the export has no id: of each group ("name or
    first_name", written `name|first_name`) one column must be there. `lines_of` names the documents
    whose lines the rows are; the first id column names the document of a row.
    """

    key: str
    label: str
    columns: tuple[Column, ...]
    id_columns: tuple[str, ...]
    signature: tuple[str, ...]
    file_stems: tuple[str, ...] = ()
    subjects: tuple[str, ...] = ()
    business_keys: tuple[str, ...] = ()
    lines_of: str = ""
    by_name: dict[str, Column] = field(init=False, repr=False, compare=False, hash=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_name", {c.name: c for c in self.columns})


def _c(name: str, header: str | None = None, *aliases: str) -> Column:
    return Column(name, header or name.replace("_", " ").title(), aliases)


# --- columns that several exports share --------------------------------------------------------

_WORKSPACE = _c("workspace", "Workspace", "workspace name")
_CREATED = _c(
    "created",
    "Created Date",
    "created",
    "created at",
    "created on",
    "date created",
    "date added",
    "create date",
    "creado",
    "date de creation",
    "client since",
    "customer since",
)
_UPDATED = _c(
    "updated",
    "Updated Date",
    "updated",
    "updated at",
    "last modified",
    "modified",
    "modified date",
    "last updated",
    "date updated",
)
_NOTES = _c("notes", "Notes", "note", "comments", "internal notes", "remarks")
_TAGS = _c("tags", "Tags", "labels", "tag")
_ASSIGNED = _c("assigned_to", "Assigned To", "delegated to", "assignee", "owner", "salesperson", "staff", "crew", "team member", "assigned team members", "visits assigned to", "technician", "technicians", "assigned technician", "assigned technicians", "assigned employee", "assigned employees", "assigned team", "assigned crew", "assigned staff", "assigned user", "assigned users", "assigned tech", "assigned techs", "crew assigned", "staff assigned", "tech assigned", "technician assigned", "techs")  # fmt: skip
_CLIENT_NAME = _c(
    "client_name",
    "Client Name",
    "client",
    "customer",
    "customer name",
    "contact name",
    "bill to",
    "bill to name",
    "billed to",
)
_CLIENT_ID = _c(
    "client_id",
    "Client ID",
    "customer id",
    "client number",
    "client no",
    "customer number",
    "customer no",
    "client ref",
    "contact id",
)
_SERVICE_ADDRESS = _c(
    "service_address",
    "Service Address",
    "job address",
    "site address",
    "property address",
    "work address",
)
#: Jobs and work orders have one address only: that of the work.
_WORK_ADDRESS = Column(
    "service_address",
    "Service Address",
    (*_SERVICE_ADDRESS.aliases, "address", "full address", "job site", "jobsite address"),
)
_STATUS = _c("status", "Status", "state of record", "record status", "estado", "statut")
_TITLE = _c("title", "Title", "subject", "description of work", "project name")
_ESTIMATE_NO = _c("estimate_number", "Estimate #", "estimate number", "estimate no", "quote number", "quote no", "quote", "estimate", "proposal number", "bid number", "estimate numbers", "quote numbers")  # fmt: skip
_INVOICE_NO = _c(
    "invoice_number",
    "Invoice #",
    "invoice number",
    "invoice no",
    "invoice",
    "invoice numbers",
    "invoice #s",
    "inv number",
)
_JOB_NO = _c(
    "job_number", "Job #", "job number", "job no", "job id", "job", "job numbers", "job #s"
)
_WORK_ORDER_NO = _c(
    "work_order_number",
    "Work Order #",
    "work order number",
    "work order no",
    "wo",
    "wo number",
    "work order",
    "work order id",
)
_LINE_ITEMS = _c("line_items", "Line Items", "items", "lines", "line item summary")

_PERSON = (
    _c("name", "Client Name", "name", "display name", "contact name", "customer name", "customer", "client", "full name", "nombre", "nom"),
    _c("first_name", "First Name", "first", "given name"),
    _c("last_name", "Last Name", "last", "surname", "family name"),
    _c("business_name", "Business Name", "company", "company name", "business", "organization", "organisation", "account name"),
    Column("website", "Website", ("web site", "url", "web", "web address", "homepage"), ("site",)),
    _c("email", "Email", "e mail", "emails", "e mails", "email address", "email addresses", "primary email", "email 1", "email address 1", "correo"),
    _c("phone", "Phone", "phone number", "main phone", "main phone numbers", "primary phone", "telephone", "phones", "phone numbers", "phone 1", "telefono"),
    _c("mobile", "Mobile", "cell", "cell phone", "mobile phone", "mobile number", "cell number", "mobile phone numbers", "cell phone number", "mobile phone number", "cell phone numbers", "mobile numbers", "phone 2", "alternate phone", "alt phone", "secondary phone", "other phone"),
    _c("address", "Billing Address", "address", "full address", "mailing address", "direccion"),
    _c("street", "Street", "street 1", "street address", "address 1", "address line 1", "billing street", "billing street 1"),
    _c("street2", "Street 2", "street line 2", "address 2", "address line 2", "unit", "apt", "suite", "billing street 2"),
    _c("city", "City", "town", "billing city"),
    _c("state", "State", "province", "region", "billing state", "county"),
    _c("zip", "Zip", "zip code", "zipcode", "postal code", "postcode", "post code", "eircode", "pincode", "billing zip code", "billing zip"),
    _c("country", "Country", "billing country"),
    _SERVICE_ADDRESS,
    _c("lead_source", "Lead Source", "source", "referral source", "how did you hear about us"),
    _TAGS,
    _STATUS,
    _NOTES,
    _ASSIGNED,
    _CREATED,
    _UPDATED,
    _WORKSPACE,
)  # fmt: skip

#: Filled by reading alone, where a contact is no client (see `other_kinds.SOURCE_TYPES`).
_PERSON_KIND = Column("person_kind", "Source_Type__c")

_MONEY = (
    _c("subtotal", "Subtotal", "sub total", "pre tax total"),
    _c("discount", "Discount", "discount amount"),
    _c("tax", "Tax", "tax amount", "sales tax"),
    _c("total", "Total", "grand total", "total amount", "amount", "importe"),
)

#: Amounts of a job beside the one it is done for: where that is empty, the first of them stands in.
_OTHER_AMOUNTS = (
    "quoted amount", "quoted value", "quoted price", "quoted total", "quote amount", "quote total",
    "contract amount", "contract value", "contract price", "contract total", "contract sum",
    "bid amount", "bid price", "bid total", "agreed price", "agreed amount",
    "estimated amount", "estimated value", "estimated price", "estimated total", "estimated revenue",
    "estimate amount", "estimate total", "expected value", "expected amount", "expected revenue",
)  # fmt: skip

_ITEM = (
    _c("line_number", "Line #", "line", "line no", "position", "sort order"),
    _c("type", "Type", "item type", "line type", "category"),
    _c("optional", "Optional", "is optional"),
    _c("selected", "Selected", "approved", "accepted", "chosen"),
    _c("recommended", "Recommended"),
    _c("parent_assembly", "Parent Assembly", "assembly", "part of"),
    _c("name", "Name", "item", "item name", "line item", "product", "service", "product service"),
    _c("description", "Description", "details", "item description"),
    _c("quantity", "Quantity", "qty", "hours", "count"),
    _c("unit", "Unit", "unit type", "uom", "measurement"),
    _c("unit_cost", "Unit Cost", "cost"),
    _c("markup", "Markup", "mark up"),
    _c("unit_price", "Unit Price", "price", "rate"),
    _c("tax", "Tax", "tax amount"),
    _c("amount", "Amount", "line total", "total", "extended price"),
    _WORKSPACE,
)

DATASETS: tuple[Dataset, ...] = (
    Dataset(
        "users",
        "Team members",
        (
            _c("user_id", "User ID", "member id", "staff id", "team member id", "id"),
            _c("name", "Name", "full name", "team member", "staff name", "display name"),
            _c("first_name", "First Name", "first"),
            _c("last_name", "Last Name", "last"),
            _c("email", "Email", "e mail", "email address"),
            _c("phone", "Phone", "phone number", "mobile"),
            _c("role", "Role", "permission", "role name", "job title", "position", "permissions", "user role"),
            _STATUS,
            _c("type", "Type", "worker type", "employment type", "member type"),
            _CREATED,
            _WORKSPACE,
        ),
        ("user_id", "email", "name"),
        ("role", "email"),
        ("team_members", "users", "team", "staff", "employees", "technicians", "crew"),
        ("employee", "staff", "team member", "user", "technician", "member", "worker"),
        ("name|first_name", "email|phone", "role|type"),
    ),
    Dataset(
        "clients",
        "Clients",
        (_c("client_id", "Client ID", "customer id", "id", "j id", "client number", "client no", "customer number", "customer no", "account number", "account no", "account id", "contact id"), *_PERSON, _PERSON_KIND),
        ("client_id",),
        ("client_id", "name"),
        ("clients", "customers", "client_list"),
        ("client", "customer", "contact", "account"),
        ("name|first_name|last_name|business_name", "email|phone|mobile|address|street|city"),
    ),
    Dataset(
        "leads",
        "Leads",
        (
            _c("lead_id", "Lead ID", "lead number", "lead no", "id", "opportunity id"),
            Column("name", "Lead Name", ("lead", *(_PERSON[0].spellings))),
            *_PERSON[1:],
            _c("lead_status", "Lead Status", "stage", "lead stage", "deal stage"),
            _c("estimated_value", "Estimated Value", "deal value", "value", "estimated amount", "expected value"),
            _c("converted", "Converted", "is converted", "converted to client"),
            _c("converted_client_id", "Converted Client ID", "converted client", "converted to", "client id"),
            _c("follow_up", "Follow-up Date", "follow up", "next follow up", "followup date"),
        ),
        ("lead_id",),
        ("lead_id", "lead_status"),
        ("leads", "lead_list", "prospects"),
        ("lead", "prospect", "opportunity", "contact", "customer", "client"),
        ("name|first_name|last_name|business_name", "email|phone|mobile|address|street|city"),
    ),
    Dataset(
        "properties",
        "Properties",
        (
            _c("property_id", "Property ID", "site id", "id"),
            _CLIENT_ID,
            _CLIENT_NAME,
            _c("property_name", "Property Name", "site name"),
            *(c for c in _PERSON if c.name in {"address", "street", "street2", "city", "state", "zip", "country"}),
            _NOTES,
            _WORKSPACE,
        ),
        ("property_id",),
        ("property_id", "property_name"),
        ("properties", "sites"),
        ("property", "site", "service location"),
        ("client_id|client_name", "property_name|address|street"),
    ),
    Dataset(
        "jobs",
        "Jobs",
        (
            Column("job_number", "Job #", (*_JOB_NO.aliases, "id", "number", "no")),
            Column("title", "Title", (*_TITLE.aliases, "job title", "job name")),
            _CLIENT_NAME,
            _CLIENT_ID,
            _ESTIMATE_NO,
            _INVOICE_NO,
            _WORK_ADDRESS,
            Column("status", "Status", ("job status", *_STATUS.aliases)),
            _c("instructions", "Instructions", "job instructions", "description", "details"),
            _c("amount", "Amount", "total", "job total", "value", "job amount", "job price", "total price", "total revenue", *_OTHER_AMOUNTS),
            _c("start_date", "Start Date", "scheduled start date", "start", "scheduled date", "scheduled start"),
            _c("end_date", "End Date", "scheduled end date", "end", "scheduled end"),
            _c("start_time", "Start Time", "starts at"),
            _c("end_time", "End Time", "ends at"),
            _c("anytime", "Anytime", "any time", "all day"),
            _c("repeat", "Repeat", "recurrence", "repeat rule"),
            _ASSIGNED,
            _c("signature", "Completion Signature", "require completion signature", "signature required"),
            _c("completed", "Completed Date", "completed", "completed at", "closed date", "completion date", "date completed"),
            _c("entered_new", "New At", "new date", "entered new"),
            _c("entered_scheduled", "Scheduled At", "entered scheduled"),
            _c("entered_in_progress", "In Progress At", "started at", "in progress date", "entered in progress"),
            _c("entered_on_hold", "On Hold At", "on hold date", "entered on hold"),
            _c("entered_completed", "Completed At", "entered completed"),
            _c("entered_cancelled", "Cancelled At", "canceled at", "cancelled date", "entered cancelled"),
            _NOTES,
            _TAGS,
            _LINE_ITEMS,
            _CREATED,
            _UPDATED,
            _WORKSPACE,
        ),
        ("job_number",),
        ("job_number", "status"),
        ("jobs", "job_list"),
        ("job", "project"),
    ),
    Dataset(
        "visits",
        "Job visits",
        (
            _JOB_NO,
            _c("visit_date", "Visit Date", "date"),
            _c("start_time", "Start", "start time"),
            _c("end_time", "End", "end time"),
            _ASSIGNED,
            _STATUS,
            _c("instructions", "Instructions"),
            _WORKSPACE,
        ),
        ("job_number", "visit_date", "start_time"),
        ("job_number", "visit_date"),
        ("visits", "job_visits"),
        ("visit", "job visit"),
        ("job_number", "visit_date"),
    ),
    Dataset(
        "estimates",
        "Estimates",
        (
            Column("estimate_number", "Estimate #", (*_ESTIMATE_NO.aliases, "id", "number", "no")),
            _CLIENT_NAME,
            _CLIENT_ID,
            _TITLE,
            _SERVICE_ADDRESS,
            _c("estimate_date", "Estimate Date", "date", "issue date", "quote date", "issued date"),
            _c("expiration_date", "Expiration Date", "expires", "expires date", "expire date", "valid until", "expiry date"),
            Column("status", "Status", ("estimate status", "quote status", *_STATUS.aliases)),
            *_MONEY,
            _c("markup", "Markup", "mark up"),
            _c("deposit", "Deposit", "required deposit", "deposit required"),
            _INVOICE_NO,
            _JOB_NO,
            _LINE_ITEMS,
            _c("signed_date", "Signed Date", "signed", "approved date", "accepted date"),
            _c("created_by", "Created By", "author", "sent by", "estimator", "salesperson"),
            _NOTES,
            _CREATED,
            _UPDATED,
            _WORKSPACE,
        ),
        ("estimate_number",),
        ("estimate_number", "estimate_date", "expiration_date", "total"),
        ("estimates", "quotes", "proposals", "bids"),
        ("estimate", "quote", "proposal", "bid"),
    ),
    Dataset(
        "estimate_items",
        "Estimate line items",
        (_ESTIMATE_NO, *_ITEM),
        ("estimate_number", "line_number"),
        ("estimate_number", "quantity", "name"),
        ("estimate_items", "estimate_line_items", "quote_items"),
        ("line item", "item", "line", "product", "estimate item"),
        ("estimate_number", "name", "quantity|unit_price|amount"),
        "estimates",
    ),
    Dataset(
        "invoices",
        "Invoices",
        (
            Column("invoice_number", "Invoice #", (*_INVOICE_NO.aliases, "id", "number", "no")),
            _ESTIMATE_NO,
            _JOB_NO,
            _CLIENT_NAME,
            _CLIENT_ID,
            _TITLE,
            _SERVICE_ADDRESS,
            _c("invoice_date", "Invoice Date", "issue date", "issued date", "date", "issued"),
            _c("due_date", "Due Date", "due", "payment due"),
            Column("status", "Status", ("invoice status", "payment status", *_STATUS.aliases)),
            *_MONEY,
            _c("late_fee", "Late Fee", "late fees"),
            _c("amount_paid", "Amount Paid", "paid", "paid amount", "payments", "paid to date", "amount paid to date", "total paid"),
            _c("balance", "Balance Due", "balance", "amount due", "total due", "outstanding", "outstanding balance", "remaining balance", "open balance"),
            _c("paid_date", "Paid Date", "date paid", "marked paid date", "payment date", "paid on"),
            _c("payment_method", "Payment Method", "method", "paid by"),
            _NOTES,
            _LINE_ITEMS,
            _CREATED,
            _UPDATED,
            _WORKSPACE,
        ),
        ("invoice_number",),
        ("invoice_number", "due_date", "balance"),
        ("invoices", "invoice_list"),
        ("invoice", "inv"),
    ),
    Dataset(
        "invoice_items",
        "Invoice line items",
        (_INVOICE_NO, _c("change_order_number", "Change Order #", "change order"), *_ITEM),
        ("invoice_number", "line_number"),
        ("invoice_number", "quantity", "name"),
        ("invoice_items", "invoice_line_items"),
        ("line item", "item", "line", "product", "invoice item"),
        ("invoice_number", "name", "quantity|unit_price|amount"),
        "invoices",
    ),
    Dataset(
        "payments",
        "Payments",
        (
            _INVOICE_NO,
            _c("payment_id", "Payment ID", "payment number", "transaction id", "reference", "id"),
            _c("payment_date", "Payment Date", "date", "paid date", "paid on", "date paid"),
            _c("amount", "Amount", "payment amount", "paid", "total", "amount received", "received amount"),
            _c("method", "Payment Method", "method", "payment mode", "paid by", "payment type", "paid with", "tender type"),
            _c("category", "Payment Category", "category"),
            _c("proof", "Proof", "proof file", "receipt"),
            _NOTES,
            _WORKSPACE,
        ),
        ("payment_id",),
        ("payment_id", "payment_date", "amount"),
        ("payments", "payment_list"),
        ("payment", "transaction"),
        ("invoice_number", "payment_date", "amount"),
    ),
    Dataset(
        "change_orders",
        "Change orders",
        (
            _c("change_order_number", "Change Order #", "change order", "co number", "id"),
            _INVOICE_NO,
            _STATUS,
            _c("amount", "Amount", "total"),
            _c("date", "Date", "created date"),
            _WORKSPACE,
        ),
        ("change_order_number",),
        ("change_order_number", "invoice_number"),
        ("change_orders",),
        ("change order", "co"),
        ("invoice_number", "amount", "date|status"),
    ),
    Dataset(
        "work_orders",
        "Work orders",
        (
            Column("work_order_number", "Work Order #", (*_WORK_ORDER_NO.aliases, "id", "number", "no")),
            _TITLE,
            _CLIENT_NAME,
            _CLIENT_ID,
            _WORK_ADDRESS,
            _c("order_date", "Work Order Date", "date", "wo date"),
            _c("scheduled_date", "Scheduled Date", "scheduled", "schedule date", "start date"),
            _c("start_time", "Start", "start time"),
            _c("end_time", "End", "end time"),
            _ASSIGNED,
            _c("job_type", "Job Type", "type", "work type", "service type"),
            Column("status", "Status", ("work order status", *_STATUS.aliases)),
            _c("description", "Description", "line items", "details", "instructions"),
            _JOB_NO,
            _CREATED,
            _UPDATED,
            _WORKSPACE,
        ),
        ("work_order_number",),
        ("work_order_number",),
        ("work_orders", "workorders"),
        ("work order", "wo"),
    ),
    Dataset(
        "attachments",
        "Attachments",
        (
            _c("record_type", "Record Type", "module", "object", "parent type"),
            _c("record_number", "Record #", "record id", "record number", "parent id", "record"),
            _c("file_name", "File Name", "filename", "file", "name"),
            _c("location", "Path or URL", "path", "url", "link", "file path", "download url"),
            _c("caption", "Caption", "description", "title"),
            _c("date", "Date", "uploaded at", "upload date", "created date"),
            _c("uploaded_by", "Uploaded By", "author", "uploader"),
            _c("sha256", "SHA-256", "sha256", "checksum", "hash"),
            _WORKSPACE,
        ),
        ("record_type", "record_number", "file_name"),
        ("record_type", "record_number", "file_name"),
        ("attachments", "files", "attachment_manifest"),
        ("attachment", "file", "document"),
        ("record_type", "record_number", "file_name|location"),
    ),
    Dataset(
        "activities",
        "Notes, calls, e-mails, meetings",
        (
            _c("activity_id", "Activity ID", "note id", "id"),
            _c("record_type", "Record Type", "module", "object", "parent type"),
            _c("record_number", "Record #", "record id", "record number", "parent id", "record"),
            _c("date", "Date", "created date", "occurred at", "timestamp", "date time"),
            _c("author", "Author", "created by", "user", "by"),
            _c("kind", "Kind", "type", "activity type"),
            _c("subject", "Subject", "title"),
            _c("text", "Text", "note", "body", "content", "notes", "message"),
            _c("duration", "Duration", "minutes"),
            _c("due_date", "Due Date", "due", "due on", "due by", "deadline", "task due date"),
            _c("done", "Completed", "done", "is completed", "is done", "task completed"),
            _WORKSPACE,
        ),
        ("activity_id",),
        ("record_type", "record_number", "kind", "text"),
        ("notes", "activities", "calls", "emails"),
        ("activity", "note"),
        ("record_type", "record_number", "text|subject"),
    ),
    Dataset(
        "custom_fields",
        "Custom field definitions",
        (
            _c("module", "Module", "record type", "object"),
            _c("label", "Label", "field", "field name", "name"),
            _c("type", "Type", "field type", "data type"),
            _c("options", "Options", "choices", "values", "picklist values"),
            _c("transferable", "Transferable", "transfers"),
            _WORKSPACE,
        ),
        ("module", "label"),
        ("module", "label", "options"),
        ("custom_fields", "custom_field_definitions", "fields"),
        ("field", "custom field"),
        ("module", "label", "type|options"),
    ),
    Dataset(
        "items",
        "Line item templates",
        (
            _c("name", "Name", "item", "item name"),
            _c("type", "Type", "item type"),
            _c("description", "Description"),
            _c("unit", "Unit"),
            _c("unit_cost", "Cost", "unit cost"),
            _c("markup", "Markup"),
            _c("unit_price", "Price", "unit price"),
            _c("taxable", "Taxable"),
            _c("sku", "SKU", "code", "part number"),
            _WORKSPACE,
        ),
        ("name",),
        ("name", "unit_price", "unit_cost", "sku"),
        ("items", "line_item_templates", "products", "price_list", "price_book", "pricebook", "products_and_services"),
        ("item", "product", "line item", "service", "material"),
        ("name", "unit_price|unit_cost", "unit_price|sku|unit|type|taxable"),
    ),
    Dataset(
        "expenses",
        "Expenses",
        (
            _c("expense_id", "Expense ID", "id"),
            _c("date", "Date", "expense date"),
            _c("vendor", "Vendor", "merchant", "supplier"),
            _c("category", "Category", "expense category"),
            _c("amount", "Amount", "total"),
            _JOB_NO,
        ),
        ("expense_id",),
        ("vendor", "amount"),
        ("expenses",),
        ("expense",),
        ("vendor|category", "amount", "date"),
    ),
    Dataset(
        "time_clock",
        "Time clock",
        (
            _c("employee", "Employee", "team member", "name"),
            _c("clock_in", "Clock In", "start"),
            _c("clock_out", "Clock Out", "end"),
            _c("hours", "Hours", "duration"),
            _JOB_NO,
        ),
        ("employee", "clock_in"),
        ("clock_in", "clock_out"),
        ("time_clock", "timesheets", "timesheet", "time_entries", "time_tracking", "time_sheets", "timecards", "time_cards"),
        ("time entry",),
        ("employee", "clock_in", "clock_out|hours"),
    ),
    Dataset(
        "mileage",
        "Mileage log",
        (
            _c("employee", "Employee", "team member", "driver", "name"),
            _c("date", "Date"),
            _c("miles", "Miles", "distance"),
            _c("from_place", "From", "start point"),
            _c("to_place", "To", "end point"),
        ),
        ("employee", "date"),
        ("miles",),
        ("mileage", "mileage_log"),
        ("trip",),
        ("employee|from_place", "date", "miles"),
    ),
)  # fmt: skip

BY_KEY: dict[str, Dataset] = {d.key: d for d in DATASETS}
#: Lines → the column that names their document; documents → the kind of export of their lines.
LINES_OF: dict[str, str] = {d.key: d.id_columns[0] for d in DATASETS if d.lines_of}
ITEMS_OF: dict[str, str] = {d.lines_of: d.key for d in DATASETS if d.lines_of}
