"""The pages, one module each, filled from facts."""
