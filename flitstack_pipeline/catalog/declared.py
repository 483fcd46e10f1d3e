"""Every object type there is: ours, a file each, and those an account brings along.

`FLITSTACK_CATALOG` names further Python files, joined by the path separator. Each may hold
`OBJECT_TYPES`, object types declared like ours, `COLUMNS`: kind of export → further columns of its
files, and `SOURCE`: the tool whose exports are read in place of Contractor+. They are run as code, by
every command and by Dagster, so they are to be trusted like this program. Belongs here: collecting
them. Does not: any declaration.
"""

from __future__ import annotations

import importlib.util
import os
import traceback
from collections import Counter
from collections.abc import Iterable, Iterator
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
from flitstack_pipeline.catalog.model import Column, Dataset, ObjectType, Source
from flitstack_pipeline.catalog.users import USERS
from flitstack_pipeline.catalog.work_orders import WORK_ORDERS
from flitstack_pipeline.errors import BadInput
from flitstack_pipeline.sources import contractor_plus

VARIABLE = "FLITSTACK_CATALOG"


def _load(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"flitstack_catalog_{path.stem}", path)
    if spec is None or spec.loader is None or not path.is_file():
        raise BadInput(f"{VARIABLE}: {path} is no Python file; name files that declare a kind.")
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise BadInput(f"{VARIABLE}: {_place(path, error)}: {error}. Correct the file.") from error
    return module


def _place(path: Path, error: Exception) -> str:
    """The file with the line that could not be run."""
    if isinstance(error, SyntaxError):
        return f"{error.filename}:{error.lineno}"
    frames, file = traceback.extract_tb(error.__traceback__), str(path.absolute())
    ran = [frame.lineno for frame in frames if frame.filename == file]
    return f"{path}:{ran[-1]}" if ran else str(path)


def _source(modules: list[ModuleType]) -> Source:
    """The tool whose exports are read."""
    named = [m.SOURCE for m in modules if hasattr(m, "SOURCE")]
    if len(named) > 1:
        raise BadInput(f"{VARIABLE}: several files name a SOURCE; exports are of one tool.")
    return named[0] if named else contractor_plus.SOURCE


def _collected(modules: list[ModuleType]) -> Iterator[ObjectType]:
    """All object types in load order; files and notes hang on every record there is."""
    records = (WORK_ORDERS, *(o for m in modules for o in getattr(m, "OBJECT_TYPES", ())))
    yield from (USERS, CLIENTS, LEADS, JOBS, ESTIMATES, INVOICES, *records)
    for history in (ATTACHMENTS, ACTIVITIES):
        yield replace(history, parents=(*history.parents, *(o.key for o in records)))


def _further_columns(modules: list[ModuleType]) -> dict[str, tuple[Column, ...]]:
    """The columns that the files add, by kind of export."""
    found: dict[str, tuple[Column, ...]] = {}
    for module in modules:
        for kind, columns in getattr(module, "COLUMNS", {}).items():
            found[kind] = (*found.get(kind, ()), *columns)
    return found


def _with_columns(o: ObjectType, further: dict[str, tuple[Column, ...]]) -> ObjectType:
    exports = (replace(d, columns=(*d.columns, *further.get(d.key, ()))) for d in o.exports)
    return replace(o, exports=tuple(map(SOURCE.of, exports)))


#: Files that declare something, beside ours.
FILES: tuple[Path, ...] = tuple(
    Path(name) for name in os.environ.get(VARIABLE, "").split(os.pathsep) if name
)
_MODULES = [_load(path) for path in FILES]
SOURCE: Source = _source(_MODULES)
#: Begins the last line of a text by which a record without fields is found again.
REFERENCE = f"{SOURCE.name} ref: "


def _object_types() -> tuple[ObjectType, ...]:
    columns = _further_columns(_MODULES)
    try:
        found = tuple(_with_columns(o, columns) for o in _collected(_MODULES))
        _check(found, {*columns, *SOURCE.spellings, *SOURCE.words, *SOURCE.stems})
    except (LookupError, ValueError, TypeError, AttributeError) as error:
        files = ", ".join(map(str, FILES))
        raise BadInput(f"{VARIABLE}: {files}: {error}. Correct what they declare.") from error
    return found


def _check(found: tuple[ObjectType, ...], told: Iterable[str]) -> None:
    """Every name that a declaration says is there, and once; what it asks for can be had.

    Raises:
        LookupError: A kind of export or an object type is named that there is not.
        ValueError: Two are called the same, or a record or a field cannot be made as declared.
    """
    types, kinds = Counter(o.key for o in found), Counter(d for o in found for d in o.datasets)
    if unknown := sorted(set(told) - kinds.keys()):
        raise LookupError(f"no object type has a kind of export called {', '.join(unknown)}")
    parents = {p for o in found for p in o.parents}
    parents |= {c.parent for o in found for d in o.exports for c in d.columns if c.parent}
    if unknown := sorted(parents - types.keys()):
        raise LookupError(f"no object type is called {', '.join(unknown)}")
    if twice := sorted(name for names in (types, kinds) for name, n in names.items() if n > 1):
        raise ValueError(f"several are called {', '.join(dict.fromkeys(twice))}")
    linked = {"clients", "jobs", *(o.key for o in found if o.record)}
    for o in found:
        if o.record and (strange := sorted(set(o.parents) - linked)):
            raise ValueError(f"{o.key}: records have no links with those of {', '.join(strange)}")
        for d in o.exports:
            _check_fields(d, bool(d.target or (o.record and d is o.main)))


def _check_fields(dataset: Dataset, has_record: bool) -> None:
    """Raises ValueError for a column that is to have a field where rows become no record."""
    lost = [c.name for c in dataset.columns if c.read and c.to and not has_record]
    if lost:
        told = f"{dataset.key}: its rows become no record, so {', '.join(lost)} can have no field"
        raise ValueError(told)


OBJECT_TYPES: tuple[ObjectType, ...] = _object_types()
BY_KEY: dict[str, ObjectType] = {o.key: o for o in OBJECT_TYPES}
#: Those whose rows become records of a custom object.
RECORDS: tuple[ObjectType, ...] = tuple(o for o in OBJECT_TYPES if o.record)
#: Those of them that need no builder of their own, by key.
PLAIN: dict[str, ObjectType] = {o.key: o for o in RECORDS if not o.is_special}
