"""Small exports that were read wrongly once, each with the right result, worked out by hand.

A folder `NN_name` holds `exports…` and `expected.md`; `test_cases.py` migrates each into a sandbox
of its own and looks at what people would see there.
"""
