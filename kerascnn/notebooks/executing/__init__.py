"""Executing notebooks: Papermill with bounded outputs, in a kernel that nobody else can talk to."""
