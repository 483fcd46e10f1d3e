"""The documents in `reports/` as the room shows them: listed in words, with their own script.

Belongs here: which files, their names for people, their headers. Does not: what they say.
"""

from __future__ import annotations

import re

from fastapi import HTTPException
from fastapi.responses import FileResponse, Response

from flitstack_pipeline.reports.document import page_script_hash
from flitstack_pipeline.settings import Project

TITLES = {
    "audit.html": "Audit of the exports", "field-map.html": "Field map",
    "field-map.xlsx": "Field map as a workbook", "duplicates.html": "Duplicates",
    "links.html": "Links to jobs", "ledger.html": "Every cell of the exports",
    "sample.html": "Sample", "reconciliation.html": "Reconciliation",
    "certificate.html": "Certificate", "delta.html": "Delta", "conflicts.html": "Conflicts",
    "rollback-dry-run.html": "Rollback, looked at first", "rollback.html": "Rollback",
}  # fmt: skip
_SAFE = re.compile(r"[\w-]+(\.[\w-]+)*\.(html|csv|xlsx|json)")
_TYPES = {
    "html": "text/html; charset=utf-8", "csv": "text/csv; charset=utf-8",
    "json": "application/json",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}  # fmt: skip


def reports_of(project: Project) -> list[dict[str, str]]:
    """The documents there are, in the order of the work: file and title."""
    return [
        {"file": file, "title": title}
        for file, title in TITLES.items()
        if (project.reports / file).is_file()
    ]


def report_response(project: Project, file: str) -> Response:
    """One document; 404 for anything that is not a plain file of the folder."""
    path = project.reports / file
    if not _SAFE.fullmatch(file) or path.is_symlink() or not path.is_file():
        raise HTTPException(404)
    kind = file.rpartition(".")[2]
    policy = (
        f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{page_script_hash()}'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    headers = {"Content-Security-Policy": policy, "Cache-Control": "no-store"}
    if kind != "html":
        headers["Content-Disposition"] = f'attachment; filename="{file}"'
    return FileResponse(path, media_type=_TYPES[kind], headers=headers)
