"""Getting missing runs trained: worker processes, and the scheduler that feeds them."""
