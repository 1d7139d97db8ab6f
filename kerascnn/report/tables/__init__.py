"""Tables of the report, and the CSV files beside them."""
