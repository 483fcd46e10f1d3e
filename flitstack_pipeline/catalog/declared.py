"""Every object type there is: ours, a file each, and those an account brings along.

`FLITSTACK_CATALOG` names further Python files, joined by the path separator. Each may hold
`OBJECT_TYPES`, object types declared like ours, `COLUMNS`: kind of export → further columns of its
files, and `SOURCE`: the tool whose exports are read in place of Contractor+. Belongs here:
collecting them. Does not: any declaration.
"""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import ModuleType

from flitstack_pipeline.catalog.activities import ACTIVITIES
from flitstack_pipeline.catalog.attachments import ATTACHMENTS
from flitstack_pipeline.catalog.clients import CLIENTS
from flitstack_pipeline.catalog.estimates import ESTIMATES
from flitstack_pipeline.catalog.invoices import INVOICES
from flitstack_pipeline.catalog.jobs import JOBS
from flitstack_pipeline.catalog.leads import LEADS
from flitstack_pipeline.catalog.model import Column, ObjectType, Source
from flitstack_pipeline.catalog.users import USERS
from flitstack_pipeline.catalog.work_orders import WORK_ORDERS
from flitstack_pipeline.sources import contractor_plus

VARIABLE = "FLITSTACK_CATALOG"


def _load(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"flitstack_catalog_{path.stem}", path)
    if spec is None or spec.loader is None or not path.is_file():
        raise ImportError(f"{VARIABLE}: {path} is no Python file; name files that declare a kind")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _collected(modules: list[ModuleType]) -> Iterator[ObjectType]:
    """All object types in load order; files and notes hang on every record there is."""
    records = (WORK_ORDERS, *(o for m in modules for o in getattr(m, "OBJECT_TYPES", ())))
    yield from (USERS, CLIENTS, LEADS, JOBS, ESTIMATES, INVOICES, *records)
    for history in (ATTACHMENTS, ACTIVITIES):
        yield replace(history, parents=(*history.parents, *(o.key for o in records)))


def _with_columns(o: ObjectType, further: dict[str, tuple[Column, ...]]) -> ObjectType:
    exports = (replace(d, columns=(*d.columns, *further.get(d.key, ()))) for d in o.exports)
    return replace(o, exports=tuple(map(SOURCE.of, exports)))


#: Files that declare something, beside ours.
FILES: tuple[Path, ...] = tuple(
    Path(name) for name in os.environ.get(VARIABLE, "").split(os.pathsep) if name
)
_MODULES = [_load(path) for path in FILES]
#: The tool whose exports are read.
SOURCE: Source = next((m.SOURCE for m in _MODULES if hasattr(m, "SOURCE")), contractor_plus.SOURCE)
#: Begins the last line of a text by which a record without fields is found again.
REFERENCE = f"{SOURCE.name} ref: "


def _object_types() -> tuple[ObjectType, ...]:
    columns = {k: v for m in _MODULES for k, v in getattr(m, "COLUMNS", {}).items()}
    found = tuple(_with_columns(o, columns) for o in _collected(_MODULES))
    if unknown := sorted(columns.keys() - {d for o in found for d in o.datasets}):
        raise LookupError(f"{VARIABLE}: no kind of export is called {', '.join(unknown)}")
    return found


OBJECT_TYPES: tuple[ObjectType, ...] = _object_types()
BY_KEY: dict[str, ObjectType] = {o.key: o for o in OBJECT_TYPES}
#: Those whose rows become records of a custom object.
RECORDS: tuple[ObjectType, ...] = tuple(o for o in OBJECT_TYPES if o.record)
#: Those of them that need no builder of their own, by key.
PLAIN: dict[str, ObjectType] = {o.key: o for o in RECORDS if not o.is_special}
