"""The asset graph, one module per stage: source → clean → map → destination → sample → cutover →
delta → reconcile. Each asset is a `Step`: it calls one function of `services` and attaches its
report.
"""

from flitstack_pipeline.dagster.assets import (
    clean,
    cutover,
    delta,
    destination,
    map,
    sample,
    source,
)

MODULES = (source, clean, map, destination, sample, cutover, delta)

__all__ = ["MODULES"]
