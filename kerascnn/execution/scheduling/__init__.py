"""Which run is trained next, by whom, and what the user sees of it."""
