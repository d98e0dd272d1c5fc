"""Messages for exceptions that reach a program's top: what stopped it, where the traceback is, what was kept.

They cover everything that is not a `GanAugmentError`. Only the standard library is imported: this has to work where
packages are missing, the disk is full or the memory has run out.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from gan_augment.core.errors import GanAugmentError, SetupError
from gan_augment.core.masking import mask
from gan_augment.core.obstacles import obstacle
from gan_augment.core.verbosity import VERBOSITY

__all__ = ["run_to_its_end"]

_USERS_MISTAKE, _FAILURE, _INTERRUPTED, _NOBODY_READS = 2, 1, 130, 141
_KEPT = "what was finished; a training goes on from its last checkpoint"
_TRACEBACKS = 20  # tracebacks that are kept in .gan_augment/errors
_AGAIN = "run the command again; if it fails the same way, send that file to the maintainers of this program"


def run_to_its_end(program: Callable[[], int | None], arguments: Sequence[str]) -> int:
    """Call the program and return its exit code; any exception becomes a few lines on standard error.

    Parameters
    ----------
    arguments
        The command line. Tracebacks are written into the project's folder that it names.
    """
    try:
        code = program() or 0
        sys.stdout.flush()  # a closed pipe is noticed here, not while Python shuts down
        return code
    except SystemExit as ended:
        if isinstance(ended.__context__, BrokenPipeError):  # typer's own way to exit
            return _told(ended.__context__, arguments)
        raise
    except BaseException as error:
        return _told(error, arguments)


def _told(error: BaseException, arguments: Sequence[str]) -> int:
    code, text = _explain(error, arguments)
    if isinstance(error, BrokenPipeError):
        _silence_stdout()
    with contextlib.suppress(OSError, ValueError):  # standard error may be closed
        if os.environ.get(VERBOSITY) == "verbose":
            print(mask("".join(traceback.format_exception(error))), file=sys.stderr)
        print(text, file=sys.stderr, flush=True)
    return code


def _explain(error: BaseException, arguments: Sequence[str]) -> tuple[int, str]:
    if isinstance(error, GanAugmentError):
        return error.exit_code, f"error: {error.render()}"
    if isinstance(error, KeyboardInterrupt):
        return _INTERRUPTED, "interrupted; nothing half-written was left behind, and the next run goes on from here"
    if isinstance(error, BrokenPipeError):
        return _NOBODY_READS, "error: the program that read this output has ended; nothing else is wrong"
    if package := _missing_package(error):
        return _USERS_MISTAKE, f"error: {_missing(package).render()}"
    if isinstance(error, OSError) and error.errno is not None:
        found = obstacle(error)
        known = found is not None  # any other error may be a bug of this program, so the traceback is kept
        return (
            _USERS_MISTAKE,
            f"error: {(found or _unusual(error)).render()}{'' if known else _where(error, arguments)}",
        )
    facts = [_where(error, arguments), f"\n  kept:     {_KEPT}", f"\n  remedy:   {_remedy(error)}"]
    return _FAILURE, f"error: {mask(_sentence(error))}{''.join(facts)}"


def _silence_stdout() -> None:
    with contextlib.suppress(OSError, ValueError, AttributeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


# ---- obstacles on the machine


def _missing_package(error: BaseException) -> str:
    """Top-level package that could not be imported; empty where it is this one, or the error is another."""
    name = (error.name or "") if isinstance(error, ModuleNotFoundError) else ""
    package = name.partition(".")[0]
    return "" if package in ("gan_augment", "pipelines") else package


def _missing(package: str) -> SetupError:
    return SetupError(
        f"The package {package!r} is not installed, and this command needs it",
        got="an installation without all dependencies (`pip install --no-deps`, as for jobs that only read shards)",
        remedy=f"`pip install {_DISTRIBUTIONS.get(package, package)}`, or install gan-augment with all that it needs: "
        "`pip install CHECKOUT`",
    )


_DISTRIBUTIONS = {"yaml": "pyyaml", "sklearn": "scikit-learn", "PIL": "pillow", "cv2": "opencv-python-headless"}


def _unusual(error: OSError) -> SetupError:
    return SetupError(
        os.strerror(error.errno or 0),
        where=os.fsdecode(error.filename or Path.cwd()),
        remedy="look at that path and the machine, and run the command again",
    )


def _shortened(text: str) -> str:
    return text if len(text) <= 300 else f"{text[:150]} ... {text[-100:]}"


# ---- unforeseen errors


def _sentence(error: BaseException) -> str:
    if _is_out_of_memory(error):
        return "The memory ran out"
    if isinstance(error, RecursionError):
        return "Something here is nested too deeply to be read (RecursionError)"
    if isinstance(error, EOFError):
        return f"An input ended too early ({type(error).__name__}): a file is cut, or empty"
    said = _shortened(" ".join(str(error).split()))
    kind = type(error).__name__
    return f"gan-augment stopped at an unexpected error: {f'{kind}: {said}' if said else kind}"


def _is_out_of_memory(error: BaseException) -> bool:
    # torch raises RuntimeErrors, for a GPU a subclass
    words = ("can't allocate memory", "not enough memory", "out of memory")
    return isinstance(error, MemoryError) or (
        isinstance(error, RuntimeError) and any(word in str(error).lower() for word in words)
    )


def _remedy(error: BaseException) -> str:
    if _is_out_of_memory(error):
        return "close other programs, or make batches, widths or candidates in params.yaml smaller"
    return _AGAIN


def _where(error: BaseException, arguments: Sequence[str]) -> str:
    """Line of the message that says where the traceback is; the traceback itself where no folder can be written."""
    text = mask("".join(traceback.format_exception(error)))
    for folder in _places(arguments):
        with contextlib.suppress(OSError, ValueError):
            return f"\n  details:  the whole traceback is in {_written(folder, text)}"
    return f"\n  details:  the traceback, which could be written nowhere:\n{text.rstrip()}"


def _places(arguments: Sequence[str]) -> Iterator[Path]:
    """Folders to try: the project that the command line names, if it is one, and the one for temporary files."""
    words = [word for argument in arguments for word in argument.partition("=")[::2] if word]
    roots = [after for word, after in itertools.pairwise(words) if word in ("-C", "--root")]
    root = Path(roots[-1] if roots else "")
    if (root / "params.yaml").is_file() or (root / ".gan_augment").is_dir():
        yield root / ".gan_augment" / "errors"
    yield Path(tempfile.gettempdir())


def _written(folder: Path, text: str) -> Path:
    if folder.name == "errors":
        folder.mkdir(parents=True, exist_ok=True)
        (folder.parent / ".gitignore").write_text("*\n", encoding="utf-8")
        for old in sorted(folder.glob("*.txt"))[: 1 - _TRACEBACKS]:
            old.unlink(missing_ok=True)
    # Readable by its owner only: a traceback may hold private data that is not a password.
    number, path = tempfile.mkstemp(".txt", time.strftime("gan-augment-%Y%m%d-%H%M%S-"), folder)
    with os.fdopen(number, "w", encoding="utf-8", errors="backslashreplace") as file:
        file.write(text)
    return Path(path)
