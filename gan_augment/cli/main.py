"""The `gan-augment` command: argv in, exit code out. Every command imports what it needs only when it runs.

Exit codes: 0 done, 2 a mistake or an obstacle that the user can remove (said without a traceback), 130 interrupted,
1 a defect of ours (with a traceback).
"""

from __future__ import annotations

import os
import sys
import traceback

from gan_augment.cli.app import app
from gan_augment.core.errors import GanAugmentError
from gan_augment.core.obstacles import obstacle
from gan_augment.core.verbosity import VERBOSITY

__all__ = ["main"]


def main() -> None:
    """Run the command line; never returns."""
    try:
        app()
    except GanAugmentError as error:
        _fail(error)
    except KeyboardInterrupt:
        print("interrupted; nothing half-written was left behind", file=sys.stderr)
        sys.exit(130)
    except OSError as error:
        if (found := obstacle(error)) is not None:
            _fail(found)
        raise


def _fail(error: GanAugmentError) -> None:
    if os.environ.get(VERBOSITY) == "verbose":
        traceback.print_exc()
    print(f"error: {error.render()}", file=sys.stderr)
    sys.exit(error.exit_code)
