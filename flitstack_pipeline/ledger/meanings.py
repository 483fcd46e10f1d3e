"""What each column of an export means, and the HighLevel fields that are for it.

Written by hand from both vendors' field lists, and derived from nothing: what cleaning and mapping
declare is held against it (`crossed`), so a mistake in a declaration is not repeated here.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Meaning:
    """The columns one thing said of a record is read from, and the fields that are for it."""

    columns: frozenset[str]
    fields: frozenset[str]


def _meanings(listed: str) -> dict[str, Meaning]:
    """Meanings by word, from lines `word columns fields`; `=` for a column of the word's name."""
    found = {}
    for line in listed.strip().splitlines():
        word, columns, fields = line.split()
        names = columns.replace("=", word).replace("-", "").split(",")
        found[word] = Meaning(frozenset(filter(None, names)), frozenset(fields.split(",")))
    return found


_STAMPS = """
source_key - Source_System_ID__c
created = Original_Create_Date__c
created_at created Original_Create_Time__c
updated = Original_Update_Date__c
updated_at updated Original_Update_Time__c
originals - Original_Values__c
merged_values - Merged_Values__c
file_notes - File_Notes__c
"""
_PERSON = f"""
first_name =,name firstName
last_name =,name lastName
display_name name,first_name,last_name,business_name name
company_name business_name,name name
original_name name,first_name,last_name,business_name Original_Name__c
business_name =,name companyName
email = email
extra_emails email Extra_Emails__c
phone =,mobile phone
phone_extension phone,mobile Phone_Extension__c
extra_phones phone,mobile Extra_Phones__c
address1 address,street,street2 address1,address
city =,address city
state =,address state
postal_code zip,address postalCode,postalcode
country =,address country
website = website
lead_source = source,Lead_Source__c
all_tags tags tags
source_type - Source_Type__c
service_address = Service_Address__c
status = Client_Status__c
assigned_to = Assigned_Team__c
notes = Contractor_Notes__c
properties - Properties__c
{_STAMPS.strip()}
"""

#: Kind of export → word → what it means.
MEANINGS: dict[str, dict[str, Meaning]] = {
    "clients": _meanings(_PERSON),
    "leads": _meanings(f"""{_PERSON.strip()}
lead_status = Lead_Status__c
estimated_value = Estimated_Value__c
follow_up = Follow_Up_Date__c
"""),
    "jobs": _meanings(f"""
display_name title name
title = name
value amount monetaryValue
number job_number Job_Number__c
status_words status Job_Status__c
amount = Job_Amount__c
start_date = Job_Start_Date__c
end_date = Job_End_Date__c
start_time = Job_Start_Time__c
end_time = Job_End_Time__c
anytime = Job_Anytime__c
repeat = Job_Repeat__c
completed = Job_Completed_Date__c
signature = Job_Signature_Required__c
instructions = Job_Instructions__c
service_address = Job_Service_Address__c
notes = Job_Notes__c
line_items = Job_Line_Items__c
tags = Job_Tags__c
visits - Job_Visits__c
assigned_to = Assigned_Team__c
other_estimates - Other_Estimates__c
stage_times.new entered_new Stage_New_At__c
stage_times.scheduled entered_scheduled Stage_Scheduled_At__c
stage_times.in_progress entered_in_progress Stage_In_progress_At__c
stage_times.on_hold entered_on_hold Stage_On_hold_At__c
stage_times.completed entered_completed Stage_Completed_At__c
stage_times.cancelled entered_cancelled Stage_Cancelled_At__c
{_STAMPS.strip()}
"""),
    "estimates": _meanings("""
number estimate_number Estimate_Number__c
title = Estimate_Title__c
estimate_date = Estimate_Date__c
expiration_date = Estimate_Expiration_Date__c
status = Estimate_Status__c
subtotal = Estimate_Subtotal__c
discount = Estimate_Discount__c
tax = Estimate_Tax__c
total = Estimate_Total__c
markup = Estimate_Markup__c
deposit = Estimate_Deposit__c
signed_date = Estimate_Signed_Date__c
created_by = Estimate_Author__c
notes = Estimate_Notes__c
service_address = Estimate_Service_Address__c
line_items = Estimate_Line_Items__c
created = Estimate_Create_Date__c
source_key - Estimate_Source_ID__c
originals - Estimate_Original_Values__c
"""),
    "estimate_items": _meanings("""
display_name name,description Name
source_key - Source_System_ID__c
estimate_number = Estimate_Number__c
line_number = Line_Number__c
type = Item_Type__c
optional = Optional__c
selected = Selected__c
recommended = Recommended__c
parent_assembly = Assembly__c
description = Description__c
quantity = Quantity__c
unit =,quantity Unit__c
unit_cost = Unit_Cost__c
markup = Markup__c
unit_price = Unit_Price__c
tax = Tax__c
amount = Total__c
originals - Original_Values__c
"""),
    "invoices": _meanings(f"""
display_name invoice_number Name
number invoice_number Invoice_Number__c
title = Title__c
issue_date invoice_date Issue_Date__c
due_date = Due_Date__c
subtotal = Subtotal__c
discount = Discount__c
tax = Tax__c
total = Total__c
late_fee = Late_Fee__c
amount_paid = Amount_Paid__c
balance = Balance__c
status = Invoice_Status__c
paid_date = Paid_Date__c
payment_method = Payment_Method__c
computed - Computed_Values__c
payments - Payments__c
lines line_items Line_Items__c
change_orders - Change_Orders__c
service_address = Service_Address__c
notes = Notes__c
{_STAMPS.strip()}
"""),
    "work_orders": _meanings(f"""
display_name title Name
number work_order_number Work_Order_Number__c
title = Title__c
assigned_to = Technician__c
order_date = Order_Date__c
scheduled_date = Scheduled_Date__c
start_time = Start_Time__c
end_time = End_Time__c
job_type = Job_Type__c
status = Work_Order_Status__c
description = Description__c
service_address = Service_Address__c
{_STAMPS.strip()}
"""),
}

#: Kind of export whose rows become a line in a text of their parent → (parent, word of the text).
LINES_IN = {
    "properties": ("clients", "properties"), "visits": ("jobs", "visits"),
    "estimates": ("jobs", "other_estimates"), "estimate_items": ("estimates", "line_items"),
    "invoice_items": ("invoices", "lines"), "payments": ("invoices", "payments"),
    "change_orders": ("invoices", "change_orders"),
}  # fmt: skip
