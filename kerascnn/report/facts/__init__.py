"""What a report is made from, gathered once."""
