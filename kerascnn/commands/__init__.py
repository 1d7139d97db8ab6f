"""The verbs of the command line, one function each: they print, and give back the exit code."""
