"""Names, phones, e-mails, addresses, money, dates, statuses, duplicates, invoice-to-job links.

Raw text goes in, typed rows come out, and what cannot be used goes to quarantine with what to do.
Knows nothing of HTTP or of HighLevel.
"""
