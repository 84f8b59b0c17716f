"""Who is calling: the client's signed token, its keys, and the refusal of all that does not fit."""
