"""What was shown, what was done with it, and what is therefore not said again."""
