"""The one exception that a user may see, and what several places say in it."""


class UserError(Exception):
    """Something that the user can mend: a wrong setting, a missing file, a full disk.

    The message is one line: what was wrong, where, and what to do. The command line prints it without a traceback
    and ends with status 2.
    """


OUT_OF_MEMORY = "out of GPU memory: lower training.batch_seconds and raise training.gradient_accumulation as much"
