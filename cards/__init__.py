"""Writes advice as CDS Hooks cards with valid FHIR orders."""
