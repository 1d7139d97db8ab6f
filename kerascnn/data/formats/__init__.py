"""The formats in which data sets lie on the disk: each reader bounds what it will take in memory before it decodes."""
