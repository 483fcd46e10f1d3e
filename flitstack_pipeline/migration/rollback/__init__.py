"""Taking a migration back: looking the account over, giving back or deleting, proving it."""
