"""The `gan-augment` command, from argv to exit code. Every command imports its packages only when it runs.

Exit codes: 0 done, 2 a mistake or an obstacle that the user can remove (reported without a traceback), 130 interrupted,
141 the reader of the output has ended, 1 a bug of this program (the message names a file with the traceback).
"""

from __future__ import annotations

import sys

from gan_augment.core.last_resort import run_to_its_end

__all__ = ["main"]


def main() -> None:
    """Run the command line; never returns."""
    sys.exit(run_to_its_end(_run, sys.argv[1:]))


def _run() -> int:
    """Exit code. Typer itself would report the end of an input as "Aborted" and swallow Ctrl-C."""
    from gan_augment.cli.app import app  # needs packages that a light installation lacks

    try:
        code = app(standalone_mode=False)
    except Exception as error:
        if type(error).__name__ == "Abort":
            raise error.__cause__ or KeyboardInterrupt from None
        if not hasattr(error, "show"):
            raise
        error.show()  # a wrong option or argument
        return int(getattr(error, "exit_code", 2))
    if code == _INTERRUPTED:
        raise KeyboardInterrupt
    return code if isinstance(code, int) else 0


_INTERRUPTED = 130
