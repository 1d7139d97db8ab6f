"""What a request wants: which runs are there, which are missing and why, and what searches ask for next."""
