"""What can go wrong, named after who can mend it.

Anything else that escapes is our bug and leaves with exit code 3. A message says what happened, what was
found, and what to do.
"""


class CotraceError(Exception):
    """Common parent, so that a program that embeds cotrace can catch all that is not our bug."""

    exit_code = 3


class InputError(CotraceError):
    """Whoever gave the files or the options can mend it."""

    exit_code = 2


class MissingPartError(CotraceError):
    """Whoever installs can mend it: an optional part is not there. The message holds the install command."""

    exit_code = 2


class VerificationError(CotraceError):
    """Whoever made the dossier can mend it: it is not what it says."""

    exit_code = 1
