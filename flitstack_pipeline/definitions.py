"""What Dagster loads. Everything is assembled in `build`; a wrong environment is said here."""

from flitstack_pipeline.dagster.build import build_defs, check_environment

check_environment()
defs = build_defs()
