"""Reads what a prefetch lacks from the client's FHIR server, and key sets, and calls nothing else."""
