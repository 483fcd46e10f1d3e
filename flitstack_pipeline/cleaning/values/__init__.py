"""The one set of value parsers: text in, a typed value out, or the reason why it is none.

Belongs here: what tools wrap around a text, dates and moments, money and numbers, phones and
e-mails, names, addresses, status words, yes and no, small words; what a file's values say about how
they are written (`evidence`); and the parsers by name (`parsers`). Every column goes through them,
known or custom. Does not: running them over tables (`parsing`, `batches`), HighLevel's shapes
(`mapping`).
"""
