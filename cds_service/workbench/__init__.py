"""The workbench at /: see the service at work on a patient, change something, and see it again."""
