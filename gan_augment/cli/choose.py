"""`gan-augment choose`: the synthetic data, if any, that helps on a table. No project is needed."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gan_augment.cli.threads import one_thread_each
from gan_augment.core.errors import DataError, ParamsError

if TYPE_CHECKING:
    import pandas as pd

    from gan_augment.tabular.chooser import AugmentationChoice
    from gan_augment.tabular.files import UserTable

__all__ = ["run_choice"]

FEWEST_ROWS = 100


def run_choice(
    path: Path,
    target: str,
    *,
    metric: str,
    classifier: str,
    methods: str,
    drop: list[str],
    decimal: str | None,
    encoding: str | None,
    write: Path | None,
    repeats: int | None,
    seed: int,
    as_json: bool,
) -> None:
    """Print the verdict and its evidence; write the augmented table where rows are worth adding."""
    one_thread_each()
    from gan_augment.tabular.chooser import choose_augmentation
    from gan_augment.tabular.files import check_output, read_user_table

    names = _methods(methods)
    table = read_user_table(path, target, drop, _decimal(decimal), encoding)
    if write is not None:
        check_output(write, table.whole, path)
    if len(table.whole) < FEWEST_ROWS:
        raise DataError(
            "The table has too few rows to decide what helps",
            where=path,
            got=f"{len(table.whole)} rows",
            expected=f"at least {FEWEST_ROWS}",
            remedy="use the rows as they are until there are more",
        )
    choice = choose_augmentation(
        table.used,
        target,
        classifier=classifier,
        metric=metric,
        methods=names,
        repeats=repeats,
        fewest_rows=FEWEST_ROWS,
        seed=seed,
        verbose=True,
    )
    report = _report(choice, table) | {"metric": metric, "classifier": classifier}
    report |= _written(choice, table, write)
    if as_json:
        print(json.dumps(report, indent=2, ensure_ascii=False))
    else:
        _print(choice, report, write)


def _methods(words: str) -> list[str]:
    from gan_augment.tabular.chooser import LADDER

    names = [name.strip() for name in words.split(",") if name.strip()] or list(LADDER)
    if unknown := sorted(set(names) - set(LADDER)):
        raise ParamsError(
            "There is no such method for tables",
            where="--methods",
            got=repr(unknown[0]),
            expected=f"names among {', '.join(LADDER)}, with commas between",
        )
    return names


def _decimal(sign: str | None) -> Any:
    if sign not in (None, ".", ","):
        raise ParamsError("This is not a decimal sign", where="--decimal", got=repr(sign), expected="'.' or ','")
    return sign


def _report(choice: AugmentationChoice, table: UserTable) -> dict[str, Any]:
    assert choice.gain is not None
    return {
        "verdict": choice.verdict,
        "sentence": choice.sentence,
        "chosen": {name: getattr(choice.chosen, name) for name in ("method", "ratio", "selection")},
        "gain": choice.gain.rounded(),
        "p_value": choice.p_value,
        "free": choice.free and choice.free.method,
        "over_free": choice.over_free
        and {**choice.over_free.rounded(), "standard_error": round(choice.over_free.standard_error, 4)},
        "left_open": choice.left_open,
        "rows": len(table.whole),
        "candidates": choice.table.round(4).to_dict("records"),
        "left_out": table.left_out,
        "notes": list(table.notes),
    }


def _written(choice: AugmentationChoice, table: UserTable, write: Path | None) -> dict[str, Any]:
    if write is None or choice.verdict != "augment":
        return {"written": None}
    from gan_augment.tabular.files import write_augmented

    made = choice.rows(table.used)
    write_augmented(write, table, made)
    return {"written": str(write), "synthetic_rows": len(made), "copies": _copies(made, table, choice)}


def _copies(made: pd.DataFrame, table: UserTable, choice: AugmentationChoice) -> int:
    """Number of synthetic rows that equal a real one in every feature."""
    assert choice.contest is not None
    features = [column.name for column in choice.contest.table.columns]
    return len(made[features].merge(table.used[features].drop_duplicates(), on=features))


def _print(choice: AugmentationChoice, report: dict[str, Any], asked: Path | None) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(title=f"{report['metric']} of {report['classifier']}, cross-validated on {report['rows']} rows")
    table.add_column("candidate")
    for name in ("score", "over none", "± s.e.", "picked"):
        table.add_column(name, justify="right", no_wrap=True)
    for line in report["candidates"]:
        figures = (f"{line['score']:.3f}", f"{line['gain']:+.3f}", f"{line['standard_error']:.3f}")
        table.add_row(_name(line), *figures, f"{line['picked']:.0%}")
    Console(width=None if sys.stdout.isatty() else 120).print(table)
    for note in report["notes"]:
        print(note)
    for name, reason in report["left_out"].items():
        print(f"column {name!r} was left out: {reason}")
    print(choice.sentence)
    print(_advice(report))
    if asked and report["written"] is None:
        print(f"{asked} was not written: no rows are added.")
    if choice.left_open:
        print("Or: the same command with --repeats 4 looks closer.")


_BALANCE = {
    "class_weight": "Train with class weights (class_weight='balanced')",
    "prior": "Divide the predicted probabilities by the shares of the classes",
}


def _as_good(report: dict[str, Any]) -> str:
    """Advice to try first a method without rows, which costs nothing and is not shown to be worse."""
    if report["free"] is None or report["over_free"]["low"] > 0:
        return ""
    return f"first try the simpler thing. {_BALANCE[report['free']]}. Or "


def _name(line: dict[str, Any]) -> str:
    from gan_augment.tabular.candidates import Candidate

    return str(Candidate(line["method"], line["ratio"], line["selection"]))


def _advice(report: dict[str, Any]) -> str:
    if report["written"] is not None:
        return (
            f"wrote {report['written']}: {report['rows']} real and {report['synthetic_rows']} synthetic rows "
            f"(column `origin`), {report['copies']} of them equal to a real one"
        )
    return {
        "augment": f"Next: {_as_good(report)}the same command with --write FILE adds these rows to the table.",
        "rebalance": f"Next: add no rows. {_BALANCE.get(report['chosen']['method'])}.",
        "none": "Next: train on the real rows as they are.",
    }[report["verdict"]]
