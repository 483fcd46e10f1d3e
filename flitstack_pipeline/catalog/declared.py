"""Every object type that is declared as a whole: ours, and those an account brings along.

`FLITSTACK_CATALOG` names further Python files, joined by the path separator. Each may hold
`OBJECT_TYPES`, object types declared like ours, and `COLUMNS`: kind of export → further columns of
its files. Belongs here: collecting them. Does not: any declaration.
"""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path
from types import ModuleType

from flitstack_pipeline.catalog.model import Column, ObjectType
from flitstack_pipeline.catalog.work_orders import WORK_ORDERS

VARIABLE = "FLITSTACK_CATALOG"


def _load(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"flitstack_catalog_{path.stem}", path)
    if spec is None or spec.loader is None or not path.is_file():
        raise ImportError(f"{VARIABLE}: {path} is no Python file; name files that declare a kind")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _further() -> list[ModuleType]:
    named = os.environ.get(VARIABLE, "")
    return [_load(Path(name)) for name in named.split(os.pathsep) if name]


_FURTHER = _further()
OBJECT_TYPES: tuple[ObjectType, ...] = (
    WORK_ORDERS,
    *(o for module in _FURTHER for o in getattr(module, "OBJECT_TYPES", ())),
)
BY_KEY: dict[str, ObjectType] = {o.key: o for o in OBJECT_TYPES}
#: Kind of export → columns that an account's exports have beside ours.
COLUMNS: dict[str, tuple[Column, ...]] = {
    key: columns for module in _FURTHER for key, columns in getattr(module, "COLUMNS", {}).items()
}
