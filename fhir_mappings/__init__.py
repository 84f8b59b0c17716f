"""Reads FHIR R4 (and the R5 shapes it meets) into the pathway's facts."""
