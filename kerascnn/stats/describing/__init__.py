"""What runs show by themselves: curves, outcomes, confusions, means of a few seeds, and the units they are told in."""
