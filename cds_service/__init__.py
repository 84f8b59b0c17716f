"""The Flask service and command line: gathers, asks the pathway, answers."""
