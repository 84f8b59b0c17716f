"""The sites that the service answers: whom to trust, what to offer, and each one's peculiarities."""
