"""The source: what Contractor+ exports look like, how they are read, staged and inspected.

Files go in as bytes and come out as rows of text in the `raw` schema, every line accounted for.
What the text means (dates, money, names) is `cleaning`'s business.
"""
