"""What may be written and deleted in folders shared with the user, and in the temporary folder."""
