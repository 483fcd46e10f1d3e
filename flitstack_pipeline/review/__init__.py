"""The review room: pages on which the contractor's office confirms, decides, approves, takes back.

Belongs here: the web application, who may come in, launching steps. Does not: any decision's
meaning, which the steps carry out for the command, for Dagster and for this room alike.
"""
