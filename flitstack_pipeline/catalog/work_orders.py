"""Work orders: custom object records, tied to their client and, where it is named, their job."""

from __future__ import annotations

from dataclasses import replace

from flitstack_pipeline.catalog.columns import (
    ASSIGNED,
    CLIENT_ID,
    CLIENT_NAME,
    CREATED,
    JOB_NO,
    STATUS,
    TITLE,
    UPDATED,
    WORK_ADDRESS,
    WORK_ORDER_NO,
    WORKSPACE,
    also,
    column,
    columns,
)
from flitstack_pipeline.catalog.model import Dataset, ObjectType
from flitstack_pipeline.catalog.statuses import WORK

WORK_ORDERS = ObjectType(
    "work_orders",
    "Work orders",
    "Work Order records",
    ("clients", "jobs"),
    (
        Dataset(
            "work_orders",
            "Work orders",
            (
                also(
                    WORK_ORDER_NO,
                    "id|number|no",
                    read="number",
                    clean="number",
                    to="Work_Order_Number__c",
                    about="work order number as shown",
                ),
                replace(TITLE, to="Title__c"),
                CLIENT_NAME,
                CLIENT_ID,
                replace(WORK_ADDRESS, to="Service_Address__c"),
                *columns(
                    """
                    order_date: Work Order Date|date|wo date; day; Order_Date__c; work order date
                    scheduled_date: Scheduled Date|scheduled|schedule date|start date; day_and_time beside start_time; Scheduled_Date__c; scheduled for
                    start_time: Start|start time; time; Start_Time__c; HH:MM
                    end_time: End|end time; time_beside beside scheduled_date; End_Time__c; HH:MM
                    """
                ),
                replace(ASSIGNED, to="Technician__c"),
                column(
                    "job_type: Job Type|type|work type|service type; one_line; Job_Type__c; job type"
                ),
                also(
                    STATUS,
                    "work order status",
                    read="status",
                    words=WORK,
                    to="Work_Order_Status__c",
                    about="closed vocabulary",
                ),
                column(
                    "description: Description|line items|details|instructions; plain_note; Description__c; description or line items"
                ),
                replace(JOB_NO, about="job numbers as read, often none"),
                CREATED,
                UPDATED,
                WORKSPACE,
            ),
            ("work_order_number",),
            ("work_order_number",),
            ("work_orders", "workorders"),
            ("work order", "wo"),
        ),
    ),
    record=("Work Order", "Work Orders"),
)
