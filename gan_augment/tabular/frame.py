"""`TableSynthesizer`: any table method behind `fit(frame, target)` and `sample(counts)`."""

from __future__ import annotations

import contextlib
import itertools
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd
from pydantic import ValidationError

from gan_augment.core import fields
from gan_augment.core.atomic import read_json, write_json
from gan_augment.core.checksums import LISTED, check_folder, replacing_output, unlisted
from gan_augment.core.errors import DataError, MethodError, MissingInputError, ModelError, ParamsError, SetupError
from gan_augment.core.progress import silent
from gan_augment.core.records import ClassRecord, Column, DatasetSpec, Record, Rule, TableSpec
from gan_augment.core.samples import Samples, TrainView, make_manifest
from gan_augment.core.validation import counted, explain_mistakes
from gan_augment.data.columns import canonical, describe, unfit
from gan_augment.encoding.rules import check_rules
from gan_augment.synthesis.api import Fitted, Progress, Run, SampleRequest, TickReport, TrainingData
from gan_augment.synthesis.registry import resolve_method
from gan_augment.tabular.arguments import counts_by_label, frame_of, keyed, known_words, path_of, whole
from gan_augment.tabular.labels import ClassValues, class_values
from gan_augment.tabular.shapes import dtype_from_json, dtype_to_json, in_dtype, plain_columns

__all__ = ["TableSynthesizer", "checked_labels", "column_of", "shown"]

MOST_ROWS = 10**9  # rows of one `sample`
_ABOUT, _MODEL = "synthesizer.json", "model"  # in a saved model's folder


class TableSynthesizer:
    """Table method with its settings; after `fit`, a source of synthetic rows.

    Parameters
    ----------
    method
        A registry name: "tabular_gan", "copula", "smote", "jitter" or "oversample".
    settings
        The method's own settings (see its card in docs/methods); unknown keys are errors.
    rules
        Rules that every row satisfies, as written in params.yaml: `{"kind": "order", "columns": ["start", "end"]}`,
        `{"kind": "range", "column": "age", "low": 0}`, `{"kind": "combination", "columns": ["city", "country"]}`.
    seed
        The seed of the fit: any whole number. The same frame, settings and seed give the same model.
    device
        "cpu" or a torch device; only trained methods use it.

    Attributes
    ----------
    copies
        {label: rows of the latest `sample` or `stream` that repeat a train row in every feature}. Copies are drawn
        again; one stays only where `settings["redraws"]` draws found too few other rows. (`oversample` makes only
        copies, and does not count them.)

    Raises
    ------
    MethodError, ParamsError
        There is no such method, it makes no tables, or a setting or a rule is unknown or wrong.

    Examples
    --------
    >>> import pandas as pd
    >>> from gan_augment.tabular import TableSynthesizer
    >>> train = pd.DataFrame({"size": [1.0, 1.2, 1.1, 3.0, 3.3, 3.1], "kind": ["cat"] * 3 + ["dog"] * 3})
    >>> model = TableSynthesizer("copula").fit(train, target="kind")
    >>> rows = model.sample({"cat": 2, "dog": 1})
    >>> rows["kind"].tolist(), rows["size"].dtype
    (['cat', 'cat', 'dog'], dtype('float64'))
    """

    def __init__(
        self,
        method: str = "tabular_gan",
        settings: Mapping[str, Any] | None = None,
        *,
        rules: Sequence[Mapping[str, Any]] = (),
        seed: int = 0,
        device: str = "cpu",
    ) -> None:
        self.method = resolve_method(known_words([method], "method")[0])
        if "table" not in self.method.traits.makes:
            raise MethodError(f"The method {method!r} makes no tables", got=method)
        self.config = _checked(self.method.Config, keyed(settings, "settings"), f"The settings of {method!r}")
        self.rules = _checked(_Rules, {"rules": rules}, "The rules").rules
        self.seed, self.device = whole(seed, "seed", least=None, most=None), _checked_device(device)
        self._fitted: Fitted | None = None
        self.copies: dict[Any, int] = {}

    def fit(
        self,
        frame: pd.DataFrame,
        target: str,
        *,
        verbose: bool = False,
        progress: Progress = silent,
    ) -> Self:
        """Fit the method to train rows. Synthetic rows may hold values of `frame` in other combinations.

        Parameters
        ----------
        frame
            Features and the target column: numbers, booleans, times, text or pandas categories, missing where missing.
            Column names must be different strings.
        target
            The column of class labels; none may be missing.
        verbose
            Show a bar with the time left (on stderr; outside a terminal a line every ten seconds).
        progress
            Called with the method's progress reports, for your own display.

        Raises
        ------
        DataError
            The target is absent or has missing labels, a column holds free text or identifiers, or infinite numbers,
            or a row breaks a rule.
        """
        if not callable(progress):
            raise ParamsError("An argument cannot be used", where="progress", got=repr(progress), expected="a function")
        values, codes = class_values(checked_labels(frame, target))
        features = plain_columns(frame.drop(columns=[target]).reset_index(drop=True))
        columns = tuple(column_of(features[name]) for name in features.columns)
        classes = tuple(ClassRecord(key=f"c{i}", label=name) for i, name in enumerate(values.names))
        table = TableSpec(columns=columns, target=target, rules=self.rules)
        check_rules(features, table)
        spec = DatasetSpec(name="frame", modality="table", classes=classes, table=table)
        ids = [str(number) for number in range(len(features))]
        named = np.array(values.names, dtype=object)[codes]
        manifest = make_manifest(len(features), id=ids, label=named, split="train", origin="real")
        train = TrainView(spec, Samples(manifest, features))
        with shown(f"fit {self.method.name}", verbose=verbose) as advance:

            def tell(report: TickReport) -> None:
                advance(report.done, report.total, "")
                progress(report)

            self._fitted = self.method.fit(TrainingData(train), self.config, Run(self.seed, self.device, tell))
        self._target, self._form, self._spec, self._classes = target, frame.iloc[:0], spec, values
        self.copies = {}
        self._shares = np.bincount(codes) / len(codes)
        return self

    def sample(self, counts: int | Mapping[Any, int] | pd.Series, *, seed: int = 0, start: int = 0) -> pd.DataFrame:
        """Synthetic rows, class after class, in the columns, order and dtypes of the frame that was fitted.

        Parameters
        ----------
        counts
            {label: number of rows}, or a Series of them indexed by label, as from `value_counts`; or a total, which
            is divided in proportion to the labels of the train rows.
        seed, start
            Row n of a label depends only on (model, label, seed, n), and numbering begins at `start`.

        Raises
        ------
        MethodError
            Nothing was fitted yet, or a label is unknown.
        ParamsError
            A count is not a whole number, 0 or more, or there are more rows than a frame holds: `stream` has no limit.
        """
        asked = sum(count for _, count in self._plan(counts))
        if asked > MOST_ROWS:
            raise ParamsError(
                "So many rows fit into no frame",
                got=f"{asked:,} rows",
                remedy="take them piece by piece from stream(...)",
            )
        rows = list(self.stream(counts, seed=seed, start=start))
        return pd.concat(rows, ignore_index=True) if rows else self._form.copy()

    def stream(
        self, counts: int | Mapping[Any, int] | pd.Series, *, seed: int = 0, start: int = 0
    ) -> Iterator[pd.DataFrame]:
        """Rows as from `sample`, in frames of at most a few hundred rows, at constant memory."""
        return self._stream(self._plan(counts), whole(seed, "seed", least=None, most=None), whole(start, "start"))

    def _stream(self, plan: list[tuple[int, int]], seed: int, start: int) -> Iterator[pd.DataFrame]:
        fitted, values = self._need(), self._classes.values
        self.copies = {values[index]: 0 for index, _ in plan}
        for index, count in plan:
            for batch in fitted.sample(SampleRequest(index=index, count=count, seed=seed, start=start)):
                self.copies[values[index]] += batch.copies
                yield self._with_target(fields.frame_of(batch.payload), index)

    @property
    def summary(self) -> dict[str, Any]:
        """Facts about the fit, as the method reports them."""
        return dict(self._need().summary)

    def save(self, directory: str | Path) -> None:
        """Write the model into a directory, replacing an earlier model. Nothing is pickled.

        Raises
        ------
        MethodError, ModelError
            Nothing was fitted yet; the labels have no plain form (intervals, tuples).
        ParamsError, SetupError
            The directory holds other files, which are not deleted; the disk is full or not writable.
        """
        fitted, directory = self._need(), path_of(directory)
        about = {
            "method": self.method.name,
            "settings": self.config.model_dump(mode="json"),
            "seed": self.seed,
            "labels": self._classes.to_json(),
            "shares": self._shares.tolist(),
            "columns": self._columns_to_json(),
        }
        try:
            directory = _replaceable(directory)
            with replacing_output(directory, movable=True) as partial:
                write_json(partial / _ABOUT, about)
                self._spec.save(partial / "dataset.json")
                (partial / _MODEL).mkdir()
                fitted.save(partial / _MODEL)
        except OSError as error:
            raise SetupError("The model cannot be written", where=directory, got=error.strerror or str(error)) from None

    @classmethod
    def load(cls, directory: str | Path, *, device: str = "cpu") -> TableSynthesizer:
        """Load a model that `save` wrote. Raises MissingInputError where there is none, ModelError if damaged."""
        directory = path_of(directory)
        _check_whole(directory)
        try:
            about = read_json(directory / _ABOUT)
            model = cls(about["method"], about["settings"], seed=about["seed"], device=device)
            model._shares = np.asarray(about["shares"], dtype=np.float64)
            model._spec = DatasetSpec.load(directory / "dataset.json")
            model._target, model._classes = model._spec.tables.target, ClassValues.from_json(about["labels"])
            model._form = model._form_from_json(about["columns"])
        except (DataError, KeyError, OSError, TypeError, ValueError) as error:
            raise _damaged(directory, str(error).split("\n")[0][:200]) from None
        model._fitted = model.method.load(directory / _MODEL, model._spec, device=device)
        return model

    def _columns_to_json(self) -> dict[str, Any]:
        """{name: dtype} of the frame's columns, in their order; the target's dtype is with the labels."""
        return {
            str(name): None if name == self._target else dtype_to_json(dtype)
            for name, dtype in self._form.dtypes.items()
        }

    def _form_from_json(self, columns: dict[str, Any]) -> pd.DataFrame:
        """Frame of these columns without rows."""
        empty = {name: pd.Series(dtype=dtype_from_json(form)) for name, form in columns.items() if form is not None}
        return pd.DataFrame(empty | {self._target: self._classes.series[:0]})[list(columns)]

    def _need(self) -> Fitted:
        if self._fitted is None:
            raise MethodError("Nothing was fitted yet", remedy="call fit(frame, target) first")
        return self._fitted

    def _plan(self, counts: Any) -> list[tuple[int, int]]:
        """Pairs (class index, number of rows), class after class."""
        self._need()
        if not isinstance(counts, int | float | np.number):
            asked = [one for one in counts_by_label(counts) if one[1] or not self._classes.is_unused(one[0])]
            return [(self._classes.place(label), count) for label, count in asked]
        total = whole(counts, "counts")
        ends = [*(round(total * share) for share in np.cumsum(self._shares)[:-1]), total]
        return [(index, end - start) for index, (start, end) in enumerate(itertools.pairwise([0, *ends]))]

    def _with_target(self, rows: pd.DataFrame, index: int) -> pd.DataFrame:
        form = self._form.dtypes
        made = {name: in_dtype(rows[name], form[name]) for name in rows.columns}
        made[self._target] = self._classes.column(index, rows.index)
        return pd.DataFrame(made, index=rows.index)[list(self._form.columns)]


@contextlib.contextmanager
def shown(title: str, *, verbose: bool) -> Iterator[Callable[[float, float, str], None]]:
    """Yield `advance(done, total, note)` of a bar with the time left; without `verbose` it shows nothing."""
    if not verbose:
        yield lambda _done, _total, _note: None
        return
    from gan_augment.core.progress import progress_bar

    with progress_bar(title) as advance:
        yield advance


def column_of(series: pd.Series) -> Column:
    """Kind of a column, in its own dtype.

    Raises
    ------
    DataError
        It holds free text, identifiers, infinite values, or values that no table can hold.
    """
    name, dtype = str(series.name), str(series.dtype)
    if isinstance(series.dtype, pd.CategoricalDtype):
        return Column(name=name, kind="categorical", dtype=dtype)
    values = canonical(series)
    problem = unfit(values)
    # Constant and all-missing columns are restored unchanged; a number that looks like an identifier is still a number.
    if problem is not None and problem.severity == "warning" and values.dtype == "string":
        raise DataError(
            f"Column {name!r} is not a feature that can be synthesised",
            where=f"column {name!r}",
            got=problem.reason,
            remedy="drop the column, or make it a pandas category if its values are classes",
        )
    return describe(values).model_copy(update={"dtype": dtype})


def checked_labels(frame: pd.DataFrame, target: str) -> pd.Series:
    """Labels of the target column.

    Raises
    ------
    DataError
        This is not a frame with rows and a feature, the target is absent or has gaps, or column names are not distinct
        strings.
    """
    names = list(frame_of(frame).columns)
    if not all(isinstance(name, str) for name in names) or len(set(names)) < len(names):
        raise DataError("Column names must be different strings", got=", ".join(map(repr, names))[:200])
    if not isinstance(target, str) or target not in names:
        raise DataError("There is no such target column", got=repr(target)[:200], expected=", ".join(names)[:200])
    if len(names) == 1:
        raise DataError("The frame has no feature", got=f"the column {target!r} alone", expected="one more column")
    labels: pd.Series = frame[target]
    if labels.isna().any():
        raise DataError(
            "The target has missing labels",
            where=f"column {target!r}",
            got=f"{int(labels.isna().sum())} of {len(labels)} rows",
            remedy=f"drop them: frame.dropna(subset=[{target!r}])",
        )
    return labels


class _Rules(Record):
    rules: tuple[Rule, ...]


def _checked_device(device: Any) -> str:
    """Device that exists. Raises DeviceError, ParamsError."""
    if known_words([device], "device")[0] == "cpu":
        return "cpu"
    from gan_augment.compute.devices import resolve_device  # imports torch

    return resolve_device(device)


def _replaceable(directory: Path) -> Path:
    """Folder to write, at a link's target. Raises ParamsError where more than a saved model would be deleted."""
    directory = Path(os.path.realpath(directory)) if directory.is_symlink() else directory
    if not os.path.lexists(directory):
        return directory
    if not directory.is_dir() or (strange := _no_part_of_a_model(directory)):
        raise ParamsError(
            "A model would replace something that is not a model",
            where=directory.absolute(),
            got=", ".join(strange[:5]) if directory.is_dir() else "no folder",
            expected="a new folder, an empty one, or one that `save` wrote, without other files",
            remedy="move it away, or name another folder",
        )
    return directory


def _no_part_of_a_model(directory: Path) -> list[str]:
    """Entries of a folder that `save` did not write."""
    if (directory / _ABOUT).is_file():
        return unlisted(directory, without_list=("dataset.json", "columns.parquet", _ABOUT, f"{_MODEL}/*"))
    return sorted(path.name for path in directory.iterdir())


def _check_whole(directory: Path) -> None:
    if not os.path.lexists(directory / _ABOUT) and not os.path.lexists(directory / LISTED):
        raise MissingInputError(
            "There is no saved synthesizer here",
            where=directory,
            expected=f"a folder that `save` wrote, with {_ABOUT}",
            remedy="give the folder that was passed to save(...)",
        )
    try:
        check_folder(directory)
    except MissingInputError as error:
        raise _damaged(directory, f"{error.problem}: {error.where}") from None


def _damaged(directory: Path, got: str) -> ModelError:
    return ModelError(
        "A saved synthesizer is incomplete or damaged",
        where=directory,
        got=got,
        remedy="copy it here again, or fit and save it again",
    )


def _checked(config: Any, settings: Mapping[str, Any], what: str) -> Any:
    try:
        return config.model_validate(dict(settings))
    except ValidationError as error:
        mistakes = explain_mistakes(error, config)
        raise ParamsError(
            f"{what} have {counted(mistakes)}",
            got="; ".join(mistakes),
            expected=f"keys among {', '.join(config.model_fields)}",
        ) from None
