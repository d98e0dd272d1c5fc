"""Packages that do not work together although pip installs them together, from metadata alone, without imports."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

__all__ = ["Problem", "version_problems"]

Release = tuple[int, ...]


@dataclass(frozen=True)
class Problem:
    """Fault of the environment, with its remedy."""

    what: str
    state: str
    remedy: str


@dataclass(frozen=True)
class _Cap:
    """Range [low, high) in which `package` has to lie beside Prefect; otherwise `symptom`."""

    package: str
    low: Release
    high: Release
    symptom: str
    requirement: str


# Tested with Prefect 3.8.8: the last working fastapi is 0.154.0; the caps leave room for the next surprise.
_NO_FLOW = "no flow runs at all: `Body() got an unexpected keyword argument`"
_NO_SCHEDULE = "flows run, but no scheduled run is ever created"
_BESIDE_PREFECT = (
    _Cap("fastapi", (0, 139), (0, 151), _NO_FLOW, "fastapi>=0.139,<0.151"),
    _Cap("sqlalchemy", (2, 0), (2, 1), _NO_SCHEDULE, "sqlalchemy[asyncio]>=2.0,<2.1"),
)
_PREFECT: tuple[Release, Release] = ((3, 8), (4,))
_DVC: tuple[Release, Release] = ((3, 67), (4,))


def version_problems(installed: Callable[[str], str] = version) -> list[Problem]:
    """Problems, worst first; empty where all versions fit.

    Parameters
    ----------
    installed
        Package name -> its version; raises PackageNotFoundError. The default reads this environment.
    """
    problems = _outside("dvc", _DVC, "the pipeline is driven through DVC", installed)
    if _release("prefect", installed) is None:
        return problems  # not an error: `--executor local` does without
    problems += _outside("prefect", _PREFECT, "the flow is written for it", installed)
    for cap in _BESIDE_PREFECT:
        found = _release(cap.package, installed)
        if found is None or not cap.low <= found < cap.high:
            got = "missing" if found is None else installed(cap.package)
            state = f"{got}, beside prefect {installed('prefect')}: {cap.symptom}"
            problems.append(Problem(cap.package, state, f'pip install "{cap.requirement}"'))
    return problems


def _outside(package: str, span: tuple[Release, Release], why: str, installed: Callable[[str], str]) -> list[Problem]:
    found, (low, high) = _release(package, installed), span
    if found is not None and low <= found < high:
        return []
    got = "missing" if found is None else installed(package)
    wanted = f"{package}>={'.'.join(map(str, low))},<{'.'.join(map(str, high))}"
    return [Problem(package, f"{got}, but {wanted} is needed: {why}", f'pip install "{wanted}"')]


def _release(package: str, installed: Callable[[str], str]) -> Release | None:
    try:
        text = installed(package)
    except PackageNotFoundError:
        return None
    numbers = []
    for part in text.split("."):
        if not part.isdecimal():
            break
        numbers.append(int(part))
    return tuple(numbers)
