"""Any file to raw rows: how exports are found, read, staged and inspected; it knows no vendor.

Files go in as bytes and come out as rows of text in the `raw` schema, every line accounted for.
What the text means (dates, money, names) is `cleaning`'s business.
"""
