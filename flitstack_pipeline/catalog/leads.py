"""Leads: contacts that Source_Type__c tells from clients, with their status and value."""

from __future__ import annotations

from flitstack_pipeline.catalog.columns import (
    column,
    columns,
)
from flitstack_pipeline.catalog.model import CONTACT, Dataset, ObjectType
from flitstack_pipeline.catalog.people import PERSON, PERSON_FIELDS, PERSON_RULES, PERSON_TELLS
from flitstack_pipeline.catalog.statuses import LEAD

LEADS = ObjectType(
    "leads",
    "Leads",
    "Contacts with Source_Type__c = Lead",
    ("users",),
    (
        Dataset(
            "leads",
            "Leads",
            (
                column("lead_id: Lead ID|lead number|lead no|id|opportunity id"),
                column("name: Lead Name|lead|" + "|".join(PERSON[0].spellings)),
                *PERSON[1:],
                column(
                    "lead_status: Lead Status|stage|lead stage|deal stage; status; ; closed vocabulary",
                    LEAD,
                ),
                *columns(
                    """
                    estimated_value: Estimated Value|deal value|value|estimated amount|expected value; money; ; deal value
                    converted: Converted|is converted|converted to client; boolean; ; said to be converted to a client
                    converted_client_id: Converted Client ID|converted client|converted to|client id; text as converted_client_ref; ; client id it was converted to, as read
                    follow_up: Follow-up Date|follow up|next follow up|followup date; day; ; next follow-up
                    """
                ),
            ),
            ("lead_id",),
            ("lead_id", "lead_status"),
            ("leads", "lead_list", "prospects"),
            ("lead", "prospect", "opportunity", "contact", "customer", "client"),
            ("name|first_name|last_name|business_name", "email|phone|mobile|address|street|city"),
            derived_id=("name", "first_name", "last_name", "email", "phone", "created"),
            tells=PERSON_TELLS,
            target=CONTACT,
            further=PERSON_FIELDS,
            rules=(
                *PERSON_RULES,
                "lead_status Lead_Status__c choice",
                "estimated_value Estimated_Value__c money",
                "follow_up Follow_Up_Date__c date",
            ),
        ),
    ),
)
