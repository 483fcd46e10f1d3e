"""The workflow reference: how to rebuild each automation in HighLevel, by hand.

Contractor+ exports no automations and HighLevel's API makes none for most accounts, so the
customer lists theirs in a template, and each is set beside the nearest triggers and actions.
What belongs here: the lists of HighLevel's triggers and actions, reading the template, matching
words. What does not: any HTTP, any record of the migration.
"""
