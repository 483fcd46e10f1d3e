"""The asset graph, one module per stage: source → clean → map → destination → sample → cutover →
delta → reconcile. Each asset calls one function of `migration.steps` and attaches what it reports.
"""
