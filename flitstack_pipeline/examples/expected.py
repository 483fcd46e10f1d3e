"""What is in a set of example exports, counted from the same rules that write them.

For tests that compare what arrived with what there was. Written into no export.
"""

from __future__ import annotations

from flitstack_pipeline.examples import work
from flitstack_pipeline.examples.business import Sizes


def truth(clients: int = 250, seed: int = 7) -> dict[str, int]:
    """How many records there really are, and how many rows are planted to be caught.

    Counts walk the rows once and keep none.
    """
    sizes = Sizes.of(clients)
    converted = sizes.leads // 5
    lost_clients = range(60, sizes.invoices + 1, 125)
    return {
        "clients": sizes.clients,
        "clients_entered_twice": sizes.clients // 33,
        "clients_unusable": int(sizes.clients > 20),
        "leads": sizes.leads,
        "leads_converted": converted,
        "jobs": sizes.jobs,
        "estimates": sizes.estimates,
        "estimate_items": sum(1 for _ in work.items(seed, sizes)) - 1,
        "invoices": sizes.invoices,
        "invoices_unusable": int(sizes.invoices >= 13),
        "invoices_without_job_row": sizes.invoices // 95,
        "invoices_without_client_row": len(lost_clients),
        "payments": sum(1 for _ in work.payments(seed, sizes)) - 1,
        "work_orders": sizes.work_orders,
        "work_orders_repeated": 1,
        "attachments": sizes.attachments,
        "activities": sizes.activities,
        "users": 12,
    }
