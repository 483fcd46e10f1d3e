"""What is declared once: object types and their parents, source columns, clean schemas, targets.

Everything here is data. Partitions, waves, Pandera schemas, Dagster column schemas, mapping
proposals and reports are derived from it; nothing here reads a file or talks to a server.
"""
