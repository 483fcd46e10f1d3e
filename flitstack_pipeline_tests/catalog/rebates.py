"""Object types that no export of ours has, declared as an account would: claims, and payouts.

`FLITSTACK_CATALOG` names this file in `story_rebates`. Claims are children of jobs and have lines;
payouts are children of claims, which makes a fifth wave.
"""

from flitstack_pipeline.catalog.columns import (
    CLIENT_NAME,
    CREATED,
    JOB_NO,
    WORKSPACE,
    column,
    columns,
    lines_of,
)
from flitstack_pipeline.catalog.model import Dataset, ObjectType

CLAIM_NO = column("claim_number: Claim #|claim no; number as number; Claim_Number__c")
STATUS_WORDS = ("filed submitted sent", "granted approved", "denied rejected")

CLAIMS = ObjectType(
    "rebate_claims",
    "Rebate claims",
    "Rebate Claim records",
    ("clients", "jobs"),
    (
        Dataset(
            "rebate_claims",
            "Rebate claims",
            (
                CLAIM_NO,
                CLIENT_NAME,
                JOB_NO,
                column("claim_status:; status as status; Claim_Status__c", STATUS_WORDS),
                *columns(
                    """
                    program: Rebate Program|utility program; one_line; Program__c
                    filed: Filed On|date filed; day; Filed__c
                    requested: Requested Rebate|rebate; money; Requested__c
                    prevailing_wage: Prevailing Wage; boolean; Prevailing_Wage__c
                    remarks: Reviewer Remarks; plain_note; Remarks__c
                    """
                ),
                CREATED,
                WORKSPACE,
            ),
            ("claim_number",),
            ("claim_number", "program"),
            ("rebate_claims", "rebates"),
            ("rebate claim", "claim"),
        ),
        lines_of("rebate_claims", "Rebate claim lines", CLAIM_NO),
    ),
    record=("Rebate Claim", "Rebate Claims"),
)

PAYOUTS = ObjectType(
    "rebate_payouts",
    "Rebate payouts",
    "Rebate Payout records",
    ("rebate_claims",),
    (
        Dataset(
            "rebate_payouts",
            "Rebate payouts",
            columns(
                """
                payout_number: Payout #; number as number; Payout_Number__c
                claim_number: Claim #; reference as rebate_claim_ref of rebate_claims
                paid: Paid Out; money; Paid__c
                cheque_date: Cheque Date; day; Cheque_Date__c
                workspace:
                """
            ),
            ("payout_number",),
            ("payout_number", "claim_number"),
            ("rebate_payouts",),
            ("rebate payout", "payout"),
        ),
    ),
    record=("Rebate Payout", "Rebate Payouts"),
)

OBJECT_TYPES = (CLAIMS, PAYOUTS)
#: One line: a column of jobs that no export of ours has.
COLUMNS = {"jobs": columns("permit_fee: Permit Fee; money; Permit_Fee__c")}
