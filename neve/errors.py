"""The errors that a person is meant to read: one line that names what is wrong and what would do."""


class Fault(Exception):
    """Something outside Neve is not as it must be; the message is one clear line, shown without
    a traceback."""


class Misuse(Fault):
    """A recipe, a name or an argument is wrong, so that nothing was begun; the command ends with
    status 2."""
