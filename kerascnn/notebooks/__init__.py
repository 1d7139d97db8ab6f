"""The notebook contract: reading notebooks, building their studies, executing them."""
