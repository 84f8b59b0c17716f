"""What the service remembers between calls, in SQLite or PostgreSQL; no call waits long for it."""
