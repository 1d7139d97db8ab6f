"""Text made fit for a page: cleaned, rounded, highlighted, set as formulas, named in the reader's words."""
