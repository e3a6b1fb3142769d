"""What the people of the demo do in a year. Pure: the same seed and day give the same year."""
