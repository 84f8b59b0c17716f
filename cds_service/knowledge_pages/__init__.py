"""The knowledge as pages for people and as JSON for programs; nothing of any patient."""
