"""The one error that a person is meant to read: a line that names what is wrong and what would do."""


class Fault(Exception):
    """Something outside Neve is not as it must be; the message is one clear line, shown without a traceback."""
