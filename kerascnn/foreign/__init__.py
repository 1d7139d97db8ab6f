"""What other programs and people put on the disk: names that mean nothing, and files that are read with a bound."""
