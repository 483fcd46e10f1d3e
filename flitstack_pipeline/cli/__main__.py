"""`python -m flitstack_pipeline.cli` is `flitstack`."""

from flitstack_pipeline.cli import main

main()
