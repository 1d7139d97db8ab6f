"""The folder that a report lies in: written whole, kept, compared, handed in."""
