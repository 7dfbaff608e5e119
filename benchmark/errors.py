"""The one exception that a user may see."""


class UserError(Exception):
    """Something that the user can mend: a wrong setting, a missing file, a full disk.

    The message is one line: what was wrong, where, and what to do. The command line prints it without a traceback
    and ends with status 2.
    """
