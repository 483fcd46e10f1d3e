"""What Dagster loads. Everything is assembled in `build`."""

from flitstack_pipeline.build import build_defs

defs = build_defs()
