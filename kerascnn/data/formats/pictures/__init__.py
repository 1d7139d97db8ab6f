"""Pictures in folders, one for each class, as people have them."""
