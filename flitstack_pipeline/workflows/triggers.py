"""HighLevel's workflow triggers, and what starts automations elsewhere but not there.

Names as in HighLevel's own help centre ("A List of Workflow Triggers", article 155000002292, and
the articles of single triggers). Several vendors who resell HighLevel publish the same list under
their name; where they differ the older name is kept. Phrases and advice are our own.
"""

from __future__ import annotations

from flitstack_pipeline.workflows.entries import Entry, NoEquivalent

_MIGRATED = (
    "Migrated estimates are fields of the opportunity: for those use Opportunity Changed with a "
    "filter on Estimate_Status__c. This trigger fires for estimates made in HighLevel."
)
_INVOICES = (
    "Migrated invoices are records of the custom object Invoice: for those use Custom Object "
    "Record Changed on Invoice_Status__c. This trigger fires for invoices made in HighLevel."
)
_STAGE = "Pipeline: Job Workflow; stage: the job status"

TRIGGERS: tuple[Entry, ...] = (
    Entry("Contact Created", "Contact",
          ("contact created", "new contact", "new lead", "lead created", "lead comes in",
           "contact added"),
          "Filter by tag (contractor+ lead or contractor+ client), source or assigned user",
          "Does not fire for contacts the migration makes if the workflow is a draft until then."),
    Entry("Contact Changed", "Contact",
          ("contact changed", "contact updated", "contact status changed", "lead status changed",
           "contact assigned", "lead assigned", "phone changed", "address changed"),
          "Choose the field, such as Lead_Status__c"),
    Entry("Contact Tag", "Contact", ("tag added", "tag removed", "contact tagged"),
          "Choose the tag; tags are lower case in HighLevel"),
    Entry("Contact DND", "Contact",
          ("contact opts out", "unsubscribed from sms", "do not disturb changed"),
          "Choose the channel"),
    Entry("Birthday Reminder", "Contact", ("contact birthday", "birthday today"), "Days before"),
    Entry("Custom Date Reminder", "Contact",
          ("days before date", "days after date", "anniversary", "warranty expires",
           "follow up date reached", "service due", "annual maintenance due", "renewal date",
           "estimate expires", "days after estimate sent"),
          "Choose the date field, such as Follow_Up_Date__c, and the days before or after"),
    Entry("Note Added", "Contact", ("note added", "note created")),
    Entry("Task Added", "Contact", ("task added", "task created")),
    Entry("Task Reminder", "Contact", ("task due", "task overdue", "task reminder")),
    Entry("Task Completed", "Contact", ("task completed", "task done")),
    Entry("Opportunity Created", "Opportunities",
          ("opportunity created", "new opportunity", "opportunity added"),
          "Pipeline: Job Workflow", "Jobs are opportunities."),
    Entry("Pipeline Stage Changed", "Opportunities",
          ("opportunity status changed", "opportunity stage changed", "opportunity scheduled",
           "opportunity in progress", "opportunity started", "opportunity completed",
           "opportunity finished", "opportunity on hold", "opportunity moved"),
          _STAGE),
    Entry("Opportunity Status Changed", "Opportunities",
          ("opportunity won", "opportunity lost", "opportunity cancelled", "deal won",
           "deal lost"),
          "Status: won, lost or abandoned (completed jobs are won, cancelled ones lost)"),
    Entry("Opportunity Changed", "Opportunities",
          ("opportunity updated", "opportunity amount changed", "opportunity assigned",
           "opportunity reassigned", "opportunity field changed", "estimate status changed"),
          "Choose the field, such as Job_Amount__c or Estimate_Status__c"),
    Entry("Stale Opportunities", "Opportunities",
          ("opportunity stuck", "opportunity not updated for days", "no activity on opportunity",
           "opportunity idle"),
          "Days without change; pipeline Job Workflow"),
    Entry("Customer Booked Appointment", "Appointments",
          ("contact books appointment", "appointment booked", "appointment created",
           "new appointment", "online booking"),
          "Choose the calendar"),
    Entry("Appointment Status", "Appointments",
          ("appointment confirmed", "appointment cancelled", "appointment rescheduled",
           "appointment no show", "appointment completed", "hours before appointment",
           "day before appointment", "appointment reminder", "appointment tomorrow"),
          "Choose the status; for reminders: confirmed, then Wait until before the start",
          "Migrated visits are Work Order records, not appointments: new visits must be booked in "
          "a calendar for reminders to run."),
    Entry("Form Submitted", "Events",
          ("form submitted", "website form filled", "request form", "contact form",
           "booking form submitted"),
          "Choose the form"),
    Entry("Survey Submitted", "Events", ("survey submitted", "survey answered", "questionnaire")),
    Entry("Customer Replied", "Events",
          ("contact replied", "sms received", "email received", "inbound message",
           "contact answers message", "whatsapp received"),
          "Choose the channel"),
    Entry("Call Status", "Events",
          ("missed call", "call completed", "call answered", "no answer call", "voicemail left"),
          "Choose the direction and status"),
    Entry("Email Events", "Events",
          ("email opened", "email clicked", "email bounced", "email unsubscribed",
           "email not delivered")),
    Entry("Trigger Link Clicked", "Events", ("link clicked", "contact clicks link")),
    Entry("Inbound Webhook", "Events",
          ("webhook received", "zapier", "data from other app", "api call received"),
          "Premium trigger; the other system posts to its address"),
    Entry("New Review Received", "Events", ("review received", "new review", "google review left")),
    Entry("Facebook Lead Form Submitted", "Events",
          ("facebook lead", "facebook ad lead", "facebook form")),
    Entry("Scheduler", "Events",
          ("every day at", "every week", "every monday", "every month", "daily schedule",
           "weekly report time", "recurring schedule"),
          "Choose the rhythm; it runs without a contact"),
    Entry("Payment Received", "Payments",
          ("payment received", "deposit paid", "payment failed", "contact pays",
           "deposit received"),
          "Choose the type and status of the payment"),
    Entry("Invoice", "Payments",
          ("invoice sent", "invoice created", "invoice paid", "invoice overdue", "invoice due",
           "invoice viewed", "invoice unpaid", "invoice partially paid"),
          "Choose the status: sent, paid, overdue, void", _INVOICES),
    Entry("Estimates", "Payments",
          ("estimate sent", "estimate approved", "estimate declined", "estimate viewed",
           "estimate created", "estimate not answered", "estimate converted"),
          "Choose the status: sent, accepted, declined, invoiced", _MIGRATED),
    Entry("Documents & Contracts", "Payments",
          ("contract signed", "document signed", "agreement signed", "contract sent",
           "document viewed"),
          "Choose the status"),
    Entry("Order Submitted", "Payments", ("order submitted", "product purchased", "order placed")),
    Entry("Refund", "Payments", ("refund issued", "payment refunded")),
    Entry("Subscription", "Payments",
          ("subscription created", "maintenance plan started", "subscription cancelled",
           "membership started")),
    Entry("Custom Object Record Created", "Custom objects",
          ("work order created", "new work order", "record created"),
          "Object: Work Order (or Invoice)"),
    Entry("Custom Object Record Changed", "Custom objects",
          ("work order completed", "work order assigned", "work order status changed",
           "work order scheduled", "work order updated"),
          "Object: Work Order; field: Work_Order_Status__c"),
)  # fmt: skip

NO_TRIGGER: tuple[NoEquivalent, ...] = (
    NoEquivalent(
        ("user arrives on site", "user enters geofence", "gps location", "user leaves site",
         "user near address"),
        "HighLevel does not know where people are.",
        "Have the field app post to an Inbound Webhook, or let the crew change the stage."),
    NoEquivalent(
        ("user clocks in", "user clocks out", "timesheet submitted", "time clock started",
         "timesheet approved", "overtime reached"),
        "HighLevel has no time clock.",
        "Keep time in a time-tracking tool; it can post to an Inbound Webhook."),
    NoEquivalent(
        ("inventory low", "material low", "stock below", "material received",
         "purchase order created", "purchase order received"),
        "HighLevel keeps no stock and no purchase orders.",
        "Keep it in the supplier's or accounting system; it can post to an Inbound Webhook."),
    NoEquivalent(
        ("team chat message", "group chat message", "chat mention"),
        "Team chats are not part of HighLevel.", "Use Slack or Teams beside it."),
    NoEquivalent(
        ("equipment due for service", "vehicle mileage reached", "tool checked out"),
        "HighLevel tracks no equipment or vehicles.",
        "Use a custom object with a date field and a Scheduler."),
    NoEquivalent(
        ("expense submitted", "receipt uploaded", "bank transaction synced",
         "quickbooks synced", "payroll run"),
        "Bookkeeping happens outside HighLevel.",
        "Let the accounting tool post to an Inbound Webhook."),
    NoEquivalent(
        ("file uploaded to opportunity", "photo uploaded", "photo added to opportunity",
         "attachment added"),
        "No trigger fires when a file is added.",
        "Collect photos with a form: Form Submitted fires."),
)  # fmt: skip
