"""A small business whose exports use every kind of file, column and cell the ledger knows.

Written by hand: dates that can only be read one way, amounts with thousands, cents and signs,
moments with a time of day, several phones, names with commas, documents that name each other.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path

FILES: dict[str, list[str]] = {
    "team_members.csv": [
        "First Name|Last Name|Email|Phone|Role|Status|Type",
        "Luis|Ortega|luis@acme-build.net|(813) 200-1200|Admin|Active|Employee",
        "Dana|Whitfield|dana@acme-build.net|(813) 200-1201|Manager|Active|Employee",
    ],
    "clients.csv": [
        "Client ID|Client Name|Business Name|Website|Email|Phone|Mobile|Street|City|State|Zip|"
        "Country|Lead Source|Tags|Status|Notes|Assigned To|Created Date|Gate Code|Annual Budget|"
        "Since Day",
        "101|Ann Lee|||ann@mail.net|(813) 555-0101|813-555-0102|1 Oak St|Tampa|FL|33602|USA|Google|"
        "VIP; Net-30|Active|Dog in yard|Luis Ortega|1/24/2024 3:04 PM|G-11|1,250.50|2/25/2020",
        "102|Roe, Bob|Roe Plumbing LLC|www.roe.com|bob@roe.com|(512) 555-0103||2 Elm Ave|Austin|TX"
        "|78701|USA|Referral|Commercial|Active|Ring twice|Dana Whitfield|2/13/2024 9:30 AM|G-12|"
        "9,800.25|3/26/2019",
        "103|Cy Dee|||cy@mail.net; none@none.com|(303) 555-0104||3 Ash Rd|Denver|CO|80202|USA|Web|"
        "Repeat|Archived|Call first|Luis Ortega|3/4/2024 1:15 PM|G-13|700.75|4/27/2018",
    ],
    "leads.csv": [
        "Lead ID|Lead Name|Email|Phone|Lead Source|Lead Status|Estimated Value|Converted|"
        "Follow-up Date|Assigned To|Created Date|Notes",
        "L-1|Eve Fox|eve@mail.net|(617) 555-0105|Truck|Contacted|2,400.50|No|4/28/2024|Luis Ortega|"
        "4/5/2024 8:17 AM|Wants a roof",
        "L-2|Gus Hay|gus@mail.net|(860) 555-0106|Google|New|3,100.10|No|5/29/2024|Dana Whitfield|"
        "4/6/2024 7:42 PM|Wants a deck",
    ],
    "jobs.csv": [
        "Job #|Title|Client Name|Client ID|Estimate #|Invoice #|Service Address|Status|"
        "Instructions|Amount|Start Date|End Date|Start Time|End Time|Anytime|Assigned To|"
        "Completion Signature|Created Date|Completed Date|In Progress At|Crew Size|Permit Fee",
        '501|Kitchen|Ann Lee|101|E-1|I-1|1 Oak St, Tampa, FL 33602|Completed|Mind the dog|'
        "$1,234.50|1/28/2024|2/6/2024|8:00 AM|4:30 PM|No|Luis Ortega|Yes|1/25/2024 10:05 AM|"
        "2/7/2024|1/29/2024 8:34 AM|4|120.40",
        '502|Roof|Bob Roe|102|E-2|I-2|2 Elm Ave, Austin, TX 78701|Scheduled|Use ladder|'
        "$9,876.25|3/5/2024|3/20/2024|9:15 AM|5:45 PM|Yes|Dana Whitfield|No|2/14/2024 2:20 PM||"
        "3/6/2024 7:10 AM|2|80.20",
        "503|Credit work|Cy Dee|103|||3 Ash Rd, Denver, CO 80202|On Hold|Gate on left|(50.75)|"
        "4/7/2024|4/21/2024|10:20 AM|11:40 AM|No|Luis Ortega|No|3/9/2024 5:30 PM||"
        "4/8/2024 6:05 PM|3|15.60",
    ],
    "estimates.csv": [
        "Estimate #|Client Name|Client ID|Title|Estimate Date|Expiration Date|Signed Date|Status|"
        "Subtotal|Discount|Tax|Total|Deposit|Job #|Created By|Notes|Financing",
        "E-1|Ann Lee|101|Kitchen offer|1/11/2024|2/15/2024|1/16/2024|Approved|1,200.00|-15.50|"
        "50.00|1,234.50|300.00|501|Dana Whitfield|With sink|Cash",
        "E-2|Bob Roe|102|Roof offer|2/12/2024|3/17/2024|2/19/2024|Sent|9,500.25|-24.75|400.75|"
        "9,876.25|500.00|502|Luis Ortega|With gutters|Loan",
        "E-3|Cy Dee|103|Fence offer|3/10/2024|4/18/2024|3/23/2024|Declined|800.40|-10.15|64.10|"
        "854.35|90.00||Luis Ortega|No gate|Card",
    ],
    "estimate_items.csv": [
        "Estimate #|Line #|Type|Optional|Name|Description|Quantity|Unit|Unit Cost|Unit Price|"
        "Amount",
        "E-1|1|Material|No|Sink|Steel sink|1.5|pcs|90.10|120.20|180.30",
        "E-1|2|Labor|Yes|Plumber|Plumber hours|12.25|h|40.40|85.50|1,047.38",
        "E-2|1|Material|No|Shingles|Architectural|2,200.5|sq ft|2.15|4.25|9,352.13",
        "E-3|1|Labor|No|Carpenter|Fence hours|10.75|h|35.35|74.45|800.34",
    ],
    "invoices.csv": [
        "Invoice #|Job #|Estimate #|Client Name|Client ID|Title|Invoice Date|Due Date|Status|"
        "Subtotal|Tax|Total|Amount Paid|Balance Due|Paid Date|Payment Method|Notes|PO Number",
        "I-1|501|E-1|Ann Lee|101|Kitchen bill|2/8/2024|3/16/2024|Paid|1,184.50|50.00|1,234.50|"
        "1,234.50|0.00|2/20/2024|Check|Thanks|PO-771",
        "I-2|502|E-2|Bob Roe|102|Roof bill|3/21/2024|4/30/2024|Partial|9,475.50|400.75|9,876.25|"
        "2,000.10|7,876.15||Card|Second part due|PO-772",
        "I-3|||Cy Dee|103|Fence refund|4/9/2024|5/19/2024|Unpaid|-40.25|-3.05|-43.30|0.00|-43.30||"
        "Cash|Credit note|PO-773",
    ],
    "payments.csv": [
        "Invoice #|Payment ID|Payment Date|Amount|Payment Method|Payment Category|Notes",
        "I-1|PAY-1|2/20/2024|1,234.50|Check|Invoice|Number 4711",
        "I-2|PAY-2|4/3/2024|2,000.10|Card|Deposit|Visa",
        "I-2|PAY-3|4/22/2024|-12.35|Cash|Refund|Overcharge",
    ],
    "work_orders.csv": [
        "Work Order #|Title|Client Name|Client ID|Service Address|Work Order Date|Scheduled Date|"
        "Start|End|Assigned To|Job Type|Status|Description|Job #|Created Date|Truck",
        "W-1|Kitchen visit|Ann Lee|101|1 Oak St, Tampa, FL 33602|1/30/2024|2/5/2024|8:10 AM|"
        "12:25 PM|Luis Ortega|Repair|Completed|Sink fitted|501|1/27/2024|T-7",
        "W-2|Roof visit|Bob Roe|102|2 Elm Ave, Austin, TX 78701|3/6/2024|3/18/2024|9:35 AM|1:50 PM|"
        "Dana Whitfield|Inspection|Scheduled|Ladder needed|502|3/4/2024|T-8",
    ],
    "notes.csv": [
        "Activity ID|Record Type|Record #|Date|Author|Kind|Text",
        "A-1|Client|101|1/14/2024 11:18 PM|Dana Whitfield|Note|Approved the colour",
        "A-2|Job|502|3/8/2024 6:26 PM|Luis Ortega|Note|East wall needs flashing",
        "A-3|Invoice|I-1|2/21/2024 9:41 AM|Dana Whitfield|Note|Paid at the door",
    ],
}  # fmt: skip


def write(folder: Path) -> Path:
    """Write the exports of the small business; the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, lines in FILES.items():
        write_file(folder / name, lines)
    return folder


def write_file(path: Path, lines: Iterable[str]) -> None:
    """Write one export as CSV; the cells of a line stand apart by `|`."""
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(line.split("|") for line in lines)
