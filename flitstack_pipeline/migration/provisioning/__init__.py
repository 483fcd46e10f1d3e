"""Making the sub-account's schema, one module per family; `migration/provision.py` calls them.

What belongs here: creating what is missing, once, journalled. What does not: what should exist
(catalog/targets.py and the map), what is the matter with what exists (schema_state.py), taking it
away (rollback/schema.py).
"""
