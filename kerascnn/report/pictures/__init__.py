"""Everything on a page that is looked at: drawings of our own, published figures, test pictures."""
