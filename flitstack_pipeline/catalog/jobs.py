"""Jobs: opportunities in the job pipeline, with their visits as a text."""

from __future__ import annotations

from flitstack_pipeline.catalog.columns import (
    ASSIGNED,
    CLIENT_ID,
    CLIENT_NAME,
    CREATED,
    ESTIMATE_NO,
    INVOICE_NO,
    JOB_NO,
    LINE_ITEMS,
    NOTES,
    OTHER_AMOUNTS,
    STATUS,
    TAGS,
    TITLE,
    UPDATED,
    WORK_ADDRESS,
    WORKSPACE,
    also,
    column,
    columns,
)
from flitstack_pipeline.catalog.model import KEPT, MAP, OPPORTUNITY, Dataset, Field, ObjectType
from flitstack_pipeline.catalog.statuses import WORK, closed, label_of

#: Each status → the field of the moment it was entered.
STAGE_TIMES = {w: f"Stage_{label_of(w).replace(' ', '_')}_At__c" for w in closed(WORK)}
_AMOUNT = (
    "Amount|total|job total|value|job amount|job price|total price|total revenue|total amount|"
    "total value|project total|project value|project amount|project price"
)

_VISITS = Dataset(
    "visits",
    "Job visits",
    (
        also(JOB_NO, read="number", clean="job_ref", about="job number as read"),
        *columns(
            """
            visit_date: Visit Date|date; day_and_time beside start_time; ; date
            start_time: Start|start time; time; ; HH:MM
            end_time: End|end time; time_beside beside visit_date; ; HH:MM
            """
        ),
        ASSIGNED,
        also(STATUS, read="text", about="as read"),
        column("instructions: ; plain_note; ; instructions"),
        WORKSPACE,
    ),
    ("job_number", "visit_date", "start_time"),
    ("job_number", "visit_date"),
    ("visits", "job_visits"),
    ("visit", "job visit"),
    ("job_number", "visit_date"),
    joined=("jobs", "visits"),
    derived_id=("job_number", "visit_date", "start_time"),
    tells="any: people text assigned_to",
    repeats=True,
)

JOBS = ObjectType(
    "jobs",
    "Jobs",
    "Opportunities in the job pipeline",
    ("users", "clients", "leads"),
    (
        Dataset(
            "jobs",
            "Jobs",
            (
                also(
                    JOB_NO,
                    "id|number|no",
                    read="number",
                    to="Job_Number__c",
                    clean="number",
                    about="job number as shown",
                    parent="",
                ),
                also(TITLE, "job title|job name"),
                CLIENT_NAME,
                CLIENT_ID,
                ESTIMATE_NO,
                INVOICE_NO,
                also(WORK_ADDRESS, to="Job_Service_Address__c"),
                also(STATUS, "job status", read="status", words=WORK),
                column(
                    "instructions: Instructions|job instructions|description|details; plain_note; Job_Instructions__c; job instructions"
                ),
                column(
                    f"amount: {_AMOUNT}|{OTHER_AMOUNTS}; critical_money; Job_Amount__c; "
                    "estimated or quoted value"
                ),
                *columns(
                    """
                    start_date: Start Date|scheduled start date|start|scheduled date|scheduled start; day_and_time beside start_time; Job_Start_Date__c; scheduled start
                    end_date: End Date|scheduled end date|end|scheduled end; day_and_time beside end_time; Job_End_Date__c; scheduled end
                    start_time: Start Time|starts at; time; Job_Start_Time__c; HH:MM
                    end_time: End Time|ends at; time; Job_End_Time__c; HH:MM
                    anytime: Anytime|any time|all day; boolean; Job_Anytime__c; any time of the day
                    repeat: Repeat|recurrence|repeat rule; text; Job_Repeat__c; repeat rule as read
                    """
                ),
                also(ASSIGNED, to="Assigned_Team__c"),
                *columns(
                    """
                    signature: Completion Signature|require completion signature|signature required; boolean; Job_Signature_Required__c; completion signature required
                    completed: Completed Date|completed|completed at|closed date|completion date|date completed; day; Job_Completed_Date__c; completed on
                    entered_new: New At|new date|entered new; (day)
                    entered_scheduled: Scheduled At|entered scheduled; (day)
                    entered_in_progress: In Progress At|started at|in progress date|entered in progress; (day)
                    entered_on_hold: On Hold At|on hold date|entered on hold; (day)
                    entered_completed: Completed At|entered completed; (day)
                    entered_cancelled: Cancelled At|canceled at|cancelled date|entered cancelled; (day)
                    """
                ),
                also(NOTES, to="Job_Notes__c"),
                also(TAGS, to="Job_Tags__c"),
                also(LINE_ITEMS, to="Job_Line_Items__c"),
                CREATED,
                UPDATED,
                WORKSPACE,
            ),
            ("job_number",),
            ("job_number", "status"),
            ("jobs", "job_list"),
            ("job", "project"),
            tells="client; title; amount money; date date created",
            target=OPPORTUNITY,
            further=(
                Field(
                    "stage_times",
                    MAP,
                    "status → ISO moment it was entered, only what the source has",
                ),
            ),
            rules=(
                "display_name<title name",
                "value<amount monetaryValue money",
                "status_words<status_text,status Job_Status__c",
                "visits Job_Visits__c long",
                "other_estimates Other_Estimates__c long",
                "file_notes File_Notes__c long",
                *(f"stage_times.{word} {label}" for word, label in STAGE_TIMES.items()),
                *KEPT,
            ),
        ),
        _VISITS,
    ),
)
