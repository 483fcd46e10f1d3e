"""Settles the findings L1-L22 against a real sub-account: read-only first, then write and undo.

Run by hand as `python -m flitstack_pipeline_tests.live`, never in CI. It speaks raw HTTP and shares
no code with the product's client, because it looks at what the product's client hides. How to
run it, and what becomes of a recording, is in the README under "The live probe".
"""
