"""The ledger of cells: every non-empty cell of every record row has exactly one fate.

Provenance says in which field of which record a cell should be; the witness reads the cell by its
own code and looks whether it is there. Knows nothing of HTTP.
"""
