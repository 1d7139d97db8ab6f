"""What a notebook sees of its runs, in the pipeline or by hand, and what it leaves behind."""
