"""Estimates: fields of their job's opportunity, or opportunities; their lines are records."""

from __future__ import annotations

from dataclasses import replace

from flitstack_pipeline.catalog.columns import (
    CLIENT_ID,
    CLIENT_NAME,
    CREATED,
    ESTIMATE_NO,
    INVOICE_NO,
    JOB_NO,
    LINE_ITEMS,
    NOTES,
    SERVICE_ADDRESS,
    STATUS,
    TITLE,
    UPDATED,
    WORKSPACE,
    also,
    columns,
    lines_of,
    totals,
)
from flitstack_pipeline.catalog.model import (
    OPPORTUNITY,
    OPPORTUNITY_PRODUCT,
    Dataset,
    ObjectType,
)
from flitstack_pipeline.catalog.statuses import ESTIMATE

_ITEMS = replace(
    lines_of("estimates", "Estimate line items", ESTIMATE_NO),
    file_stems=("estimate_items", "estimate_line_items", "quote_items"),
    target=OPPORTUNITY_PRODUCT,
    joined=("estimates", "line_items"),
    rules=(
        "display_name<name,description Name",
        "source_key Source_System_ID__c",
        "estimate_number<document_key Estimate_Number__c",
        "line_number Line_Number__c number",
        "type Item_Type__c choice",
        "optional Optional__c yes_no",
        "selected Selected__c yes_no",
        "recommended Recommended__c yes_no",
        "parent_assembly Assembly__c",
        "description Description__c long",
        "quantity Quantity__c number",
        "unit Unit__c",
        "unit_cost Unit_Cost__c money",
        "markup Markup__c",
        "unit_price Unit_Price__c money",
        "tax Tax__c money",
        "amount Total__c money",
        "originals Original_Values__c lines",
    ),
)

ESTIMATES = ObjectType(
    "estimates",
    "Estimates",
    "Opportunity fields and Opportunity Product records",
    ("clients", "jobs"),
    (
        Dataset(
            "estimates",
            "Estimates",
            (
                also(
                    ESTIMATE_NO,
                    "id|number|no",
                    read="number",
                    to="Estimate_Number__c",
                    clean="number",
                    about="estimate number as shown",
                    parent="",
                ),
                CLIENT_NAME,
                CLIENT_ID,
                also(TITLE, to="Estimate_Title__c"),
                also(SERVICE_ADDRESS, to="Estimate_Service_Address__c"),
                *columns(
                    """
                    estimate_date: Estimate Date|date|issue date|quote date|issued date; day; Estimate_Date__c; estimate date
                    expiration_date: Expiration Date|expires|expires date|expire date|valid until|expiry date; day; Estimate_Expiration_Date__c; valid until
                    """
                ),
                also(
                    STATUS,
                    "estimate status|quote status",
                    read="status",
                    to="Estimate_Status__c",
                    words=ESTIMATE,
                ),
                *totals("Estimate_"),
                *columns(
                    """
                    markup: Markup|mark up; text; Estimate_Markup__c; global markup as read
                    deposit: Deposit|required deposit|deposit required; text; Estimate_Deposit__c; deposit as read (money or percent)
                    """
                ),
                INVOICE_NO,
                JOB_NO,
                also(LINE_ITEMS, to="Estimate_Line_Items__c"),
                *columns(
                    """
                    signed_date: Signed Date|signed|approved date|accepted date; day; Estimate_Signed_Date__c; signed on
                    created_by: Created By|author|sent by|estimator|salesperson; one_line; Estimate_Author__c; author's display name
                    """
                ),
                also(NOTES, to="Estimate_Notes__c"),
                also(CREATED, to="Estimate_Create_Date__c"),
                also(UPDATED, to=""),
                WORKSPACE,
            ),
            ("estimate_number",),
            ("estimate_number", "estimate_date", "expiration_date", "total"),
            ("estimates", "quotes", "proposals", "bids"),
            ("estimate", "quote", "proposal", "bid"),
            tells="client; title; amount money total; date date estimate_date",
            target=OPPORTUNITY,
            joined=("jobs", "other_estimates"),
            rules=(
                "source_key Estimate_Source_ID__c",
                "originals Estimate_Original_Values__c lines",
            ),
        ),
        _ITEMS,
    ),
)
