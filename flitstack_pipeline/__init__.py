"""flitstack_pipeline: moves a contractor's business from Contractor+ into HighLevel.

Read the folder list as the story: `reading` reads the exports, `cleaning` tidies
them, `mapping` turns them into HighLevel payloads, `migration` loads, verifies and reverses,
`highlevel` speaks the API, `reports` explains, and the Dagster shell (`definitions`, `dagster`)
shows it all as assets.
"""
