"""The automations of a sub-account, read only.

`GET /workflows/?locationId=` (scope `workflows.readonly`) answers id, name, status and version of
each, and takes no paging parameters; the steps inside a workflow are not shown. Source: the
official documentation page workflows/get-workflow, and the docs repository's apps/workflows.json.
"""

from __future__ import annotations

from flitstack_pipeline.highlevel.family import Family, RecordList


class Workflows(Family):
    """`/workflows`."""

    def list(self) -> RecordList:
        """Read every workflow: `id`, `name`, `status` (draft, published)."""
        return self._list("/workflows/", "workflows", params={"locationId": self.location_id})
