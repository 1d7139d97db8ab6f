"""Modules as source: what they mean, which of them a process can load, and the packages of others beside them."""
