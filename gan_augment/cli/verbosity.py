"""`--quiet` and `--verbose` for the commands that print more than their answer."""

from __future__ import annotations

import functools
import inspect
import os
import platform
import sys
from collections.abc import Callable
from typing import Annotated, Any

import typer

from gan_augment.core.verbosity import VERBOSITY, detail, verbosity

__all__ = ["tell_cost", "tell_versions", "with_verbosity"]

_Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print only the answer and errors.")]
_Verbose = Annotated[
    bool, typer.Option("--verbose", "-v", help="More progress, versions and memory, and tracebacks of errors.")
]


def with_verbosity(command: Callable[..., None]) -> Callable[..., None]:
    """Command with the options `--quiet` and `--verbose`, which set the variable that all code reads."""

    @functools.wraps(command)
    def wrapped(*args: Any, quiet: bool, verbose: bool, **kwargs: Any) -> None:
        if quiet and verbose:
            raise typer.BadParameter("--quiet and --verbose exclude each other")
        if quiet or verbose:
            os.environ[VERBOSITY] = "quiet" if quiet else "verbose"
        verbosity()  # report an unknown word in the environment before any work
        command(*args, **kwargs)

    signature = inspect.signature(command, eval_str=True)
    kind = inspect.Parameter.KEYWORD_ONLY
    options = [
        inspect.Parameter(name, kind, default=False, annotation=annotation)
        for name, annotation in {"quiet": _Quiet, "verbose": _Verbose}.items()
    ]
    wrapped.__signature__ = signature.replace(parameters=[*signature.parameters.values(), *options])  # type: ignore[attr-defined]
    wrapped.__annotations__ = {
        parameter.name: parameter.annotation
        for parameter in wrapped.__signature__.parameters.values()  # type: ignore[attr-defined]
    }
    return wrapped


def tell_versions(stage: str) -> None:
    """Print the versions that the stage runs with, if verbose."""
    if verbosity() != "verbose":
        return  # reading the packages' metadata takes time, and an environment may lack it
    from importlib.metadata import version

    packages = ", ".join(f"{name} {version(name)}" for name in ("gan-augment", "torch", "numpy", "pandas"))
    detail(f"{stage}: {packages}, Python {platform.python_version()}, process {os.getpid()}")


def tell_cost(stage: str, seconds: float, cpu_seconds: float) -> None:
    """Print the stage's time and memory, if verbose."""
    detail(f"{stage}: done in {seconds:.1f} s, {cpu_seconds:.1f} CPU-s{_peak()}")


def _peak() -> str:
    """Peak memory of this process; unknown on some systems."""
    try:
        import resource
    except ImportError:
        return ""
    unit = 1 if sys.platform == "darwin" else 1024
    return f", {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**20:.0f} MiB at most"
