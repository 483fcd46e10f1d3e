"""What is declared once: a file per object type, with its exports, columns, parents and record.

`model` has the shapes, `declared` collects them. Raw and clean tables, Pandera and Dagster schemas,
the map, custom objects, links, waves, partitions and reports are derived from that. Everything here
is data; nothing reads an export or talks to a server.
"""
