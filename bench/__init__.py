"""Measures the CPU time of a hook call beside floors that do the least a service can do."""
