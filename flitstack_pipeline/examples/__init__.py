"""Believable, messy example exports, made by a seeded generator.

What is messy in them: docs/contractor_plus.md#quirks.

The same seed and size make the same files, byte for byte. Rows are written as they are made, so
a million clients need no more memory than a hundred.
"""

from flitstack_pipeline.examples.expected import truth
from flitstack_pipeline.examples.generate import generate, generate_delta

__all__ = ["generate", "generate_delta", "truth"]
