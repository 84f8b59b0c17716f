"""The root of the errors that Backpath raises itself."""


class PathwayError(Exception):
    """Base of our errors; the message names elements and ids, never patient values."""


class KnowledgeError(PathwayError):
    """The knowledge is wrong: it stops the start and never becomes an answer.

    The message tells file, place, what is wrong and the allowed words.
    """
