"""What the DNS says about a domain mail goes out from: DKIM keys, SPF, DMARC. Only tasks and a button ask, no page."""
