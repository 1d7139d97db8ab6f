"""The machine as it is: how many cores it gives, whose home there is, who holds a lock, what a terminal can show."""
