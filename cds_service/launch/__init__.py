"""Launches the clinician's pathway page from an EHR (SMART App Launch 2), and shows it."""
