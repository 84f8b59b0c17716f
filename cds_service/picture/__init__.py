"""What the pathway saw of one patient, to look at: a time line, and the map of the states."""
