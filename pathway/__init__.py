"""Decides what comes next on the low back pain pathway, from facts, knowledge and a day; pure."""
