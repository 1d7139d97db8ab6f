"""The formats in which data sets lie on the disk: each reader bounds what it will take in memory before it decodes.

A module for each. `find` answers by names and first bytes alone, and what it gives back (`Found`) names the files and the
function that decodes them. `FORMATS` in `data/sources.py` lists them; `WHAT_TO_DO` there is for what has no reader."""
