"""A second source, declared as an account of another field-service tool would: `FieldWork`.

Kinds and headers are those that public importers show of such exports (client, property, quote,
job, visit, invoice), with words of their own so that nothing is recognised by our spellings.
`FLITSTACK_CATALOG` names this file in `story_fieldwork`.
"""

from flitstack_pipeline.catalog.model import Source

SOURCE = Source(
    "FieldWork",
    spellings={
        "clients": """
            client_id: Household Code
            name: Household
            email: Reach Mail
            phone: Reach Line
            street: Door
            city: Place
            zip: Sorting Code
            """,
        "properties": """
            property_id: Premises Code
            client_id: Household Code
            client_name: Household
            property_name: Premises
            street: Door
            city: Place
            """,
        "estimates": """
            estimate_number: Bid Ref
            client_id: Household Code
            client_name: Household
            title: Bid About
            estimate_date: Bid Day
            status: Bid State
            total: Bid Sum
            """,
        "jobs": """
            job_number: Gig Ref
            client_id: Household Code
            client_name: Household
            title: Gig About
            status: Gig State
            amount: Gig Sum
            start_date: Gig Day
            estimate_number: Bid Ref
            """,
        "visits": """
            job_number: Gig Ref
            visit_date: Drop-in Day
            instructions: Drop-in Briefing
            """,
        "invoices": """
            invoice_number: Bill Ref
            client_id: Household Code
            client_name: Household
            job_number: Gig Ref
            invoice_date: Bill Day
            due_date: Settle By
            status: Bill State
            total: Bill Sum
            balance: Still Owed
            """,
    },
    words={
        "estimates": ("sent with_household", "approved shaken_on"),
        "jobs": ("scheduled on_the_board", "completed wrapped"),
        "invoices": ("unpaid in_the_post", "paid in_the_bank"),
    },
    stems={
        "clients": ("households",),
        "properties": ("premises",),
        "estimates": ("bids",),
        "jobs": ("gigs",),
        "visits": ("drop_ins",),
        "invoices": ("bills",),
    },
)
