"""One module per family of HighLevel's API. Importing a module declares its endpoints."""
