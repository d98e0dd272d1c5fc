"""`TableSynthesizer`: any table method behind `fit(frame, target)` and `sample(counts)`."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd
from pydantic import ValidationError

from gan_augment.core.atomic import read_json, replacing_directory, write_json
from gan_augment.core.errors import DataError, MethodError, ModelError, ParamsError
from gan_augment.core.records import ClassRecord, Column, DatasetSpec, Record, Rule, TableSpec
from gan_augment.core.samples import Samples, TrainView, make_manifest
from gan_augment.core.validation import counted, explain_mistakes
from gan_augment.data.columns import canonical, describe, unfit
from gan_augment.encoding.rules import check_rules
from gan_augment.synthesis.api import Fitted, SampleRequest, TickReport
from gan_augment.synthesis.registry import resolve_method

__all__ = ["TableSynthesizer", "checked_labels", "column_of", "shown"]


class TableSynthesizer:
    """A table method with its settings; after `fit`, a source of synthetic rows.

    Parameters
    ----------
    method
        A registry name: "tabular_gan", "copula", "smote", "jitter" or "oversample".
    settings
        The method's own settings (see its card in docs/methods); unknown keys are errors.
    rules
        What every row keeps, in the spelling of params.yaml: `{"kind": "order", "columns": ["start", "end"]}`,
        `{"kind": "range", "column": "age", "low": 0}`, `{"kind": "combination", "columns": ["city", "country"]}`.
    seed
        Of the fit. The same frame, settings and seed give the same model.
    device
        "cpu" or a torch device; only trained methods use it.

    Attributes
    ----------
    copies
        {label: how many rows of the latest `sample` or `stream` repeat a train row in every feature}. Copies are drawn
        again; one stays only where `settings["redraws"]` draws found too few other rows. (`oversample` makes nothing
        but copies, and does not count them.)

    Raises
    ------
    MethodError, ParamsError
        There is no such method, it makes no tables, or a setting or a rule is unknown or wrong.
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
        self.method = resolve_method(method)
        if "table" not in self.method.traits.modality:
            raise MethodError(f"The method {method!r} makes no tables", got=method)
        self.config = _checked(self.method.Config, settings or {}, f"The settings of {method!r}")
        self.rules = _checked(_Rules, {"rules": rules}, "The rules").rules
        self.seed, self.device = seed, device
        self._fitted: Fitted | None = None
        self.copies: dict[Any, int] = {}

    def fit(
        self,
        frame: pd.DataFrame,
        target: str,
        *,
        verbose: bool = False,
        progress: Callable[[TickReport], None] = lambda _: None,
    ) -> Self:
        """Learn from train rows; what `frame` holds is what may come back in other combinations.

        Parameters
        ----------
        frame
            Features and the target column: numbers, booleans, times, text or pandas categories, missing where missing.
            Column names must be different strings.
        target
            The column of class labels; every label must be there.
        verbose
            Show a bar with the time left (on stderr; outside a terminal a line every ten seconds).
        progress
            Called with what the method reports, for a display of your own.

        Raises
        ------
        DataError
            The target is absent or has missing labels, a column holds free text or identifiers, or infinite numbers,
            or a row breaks a rule.
        """
        labels = checked_labels(frame, target)
        self._target, self._form = target, frame.iloc[:0]
        self._values = sorted(labels.unique().tolist(), key=str)
        features = frame.drop(columns=[target]).reset_index(drop=True)
        columns = tuple(column_of(features[name]) for name in features.columns)
        classes = tuple(ClassRecord(key=f"c{i}", label=str(v)) for i, v in enumerate(self._values))
        table = TableSpec(columns=columns, target=target, rules=self.rules)
        check_rules(features, table)
        self._spec = DatasetSpec(name="frame", modality="table", classes=classes, table=table)
        ids = [str(number) for number in range(len(features))]
        manifest = make_manifest(
            len(features), id=ids, label=labels.astype(str).to_numpy(), split="train", origin="real"
        )
        train = TrainView(self._spec, Samples(manifest, features))
        with shown(f"fit {self.method.name}", verbose=verbose) as advance:

            def tell(report: TickReport) -> None:
                advance(report.done, report.total, "")
                progress(report)

            self._fitted = self.method.fit(train, self.config, seed=self.seed, device=self.device, progress=tell)
        self.copies = {}
        self._shares = labels.value_counts(normalize=True).reindex(self._values).to_numpy(dtype=np.float64)
        return self

    def sample(self, counts: int | Mapping[Any, int], *, seed: int = 0, start: int = 0) -> pd.DataFrame:
        """Synthetic rows, class after class, in the columns, order and dtypes of the frame that was fitted.

        Parameters
        ----------
        counts
            {label: how many rows}; or one number, which is shared out as the labels are in the train rows.
        seed, start
            Row n of a label depends on (model, label, seed, n) alone, and numbering begins at `start`.

        Raises
        ------
        MethodError
            Nothing was fitted yet, or a label is unknown.
        """
        rows = list(self.stream(counts, seed=seed, start=start))
        return pd.concat(rows, ignore_index=True) if rows else self._form.copy()

    def stream(self, counts: int | Mapping[Any, int], *, seed: int = 0, start: int = 0) -> Iterator[pd.DataFrame]:
        """The rows of `sample` in frames of at most some hundred rows, at constant memory."""
        fitted, plan = self._need(), self._plan(counts)
        self.copies = {self._values[index]: 0 for index, _ in plan}
        for index, count in plan:
            for batch in fitted.sample(SampleRequest(label=index, count=count, seed=seed, start=start)):
                assert isinstance(batch.payload, pd.DataFrame)
                self.copies[self._values[index]] += batch.copies
                yield self._with_target(batch.payload, self._values[index])

    @property
    def summary(self) -> dict[str, Any]:
        """Facts about the fit: what the method reports of itself."""
        return dict(self._need().summary)

    def save(self, directory: str | Path) -> None:
        """Write the model into a directory, replacing what was there. Nothing is pickled."""
        fitted = self._need()
        about = {
            "method": self.method.name,
            "settings": self.config.model_dump(mode="json"),
            "seed": self.seed,
            "labels": self._values,
            "shares": self._shares.tolist(),
        }
        with replacing_directory(Path(directory)) as partial:
            write_json(partial / "synthesizer.json", about)
            self._spec.save(partial / "dataset.json")
            self._form.to_parquet(partial / "columns.parquet", index=False)  # no rows: names, order and dtypes
            (partial / "model").mkdir()
            fitted.save(partial / "model")

    @classmethod
    def load(cls, directory: str | Path, *, device: str = "cpu") -> TableSynthesizer:
        """Read what `save` wrote. Raises MissingInputError, ModelError."""
        directory = Path(directory)
        about = read_json(directory / "synthesizer.json")
        try:
            model = cls(about["method"], about["settings"], seed=about["seed"], device=device)
            model._values, model._shares = about["labels"], np.asarray(about["shares"])
            model._form = pd.read_parquet(directory / "columns.parquet")
        except (KeyError, OSError) as error:
            raise ModelError("A saved synthesizer is incomplete", where=directory, got=f"no {error}") from None
        model._spec = DatasetSpec.load(directory / "dataset.json")
        assert model._spec.table is not None
        model._target = model._spec.table.target
        model._fitted = model.method.load(directory / "model", model._spec, device=device)
        return model

    def _need(self) -> Fitted:
        if self._fitted is None:
            raise MethodError("Nothing was fitted yet", remedy="call fit(frame, target) first")
        return self._fitted

    def _plan(self, counts: int | Mapping[Any, int]) -> list[tuple[int, int]]:
        if isinstance(counts, Mapping):
            unknown = [label for label in counts if label not in self._values]
            if unknown:
                raise MethodError(
                    "Rows of an unknown class were asked for",
                    got=repr(unknown[0]),
                    expected=f"labels among {', '.join(map(repr, self._values))}",
                )
            return [(self._values.index(label), count) for label, count in counts.items()]
        ends = np.rint(np.cumsum(self._shares) * counts).astype(int)
        return list(enumerate(np.diff(ends, prepend=0).tolist()))

    def _with_target(self, rows: pd.DataFrame, value: Any) -> pd.DataFrame:
        labels = pd.Series([value] * len(rows), dtype=self._form[self._target].dtype, index=rows.index)
        return rows.assign(**{self._target: labels})[list(self._form.columns)]


@contextlib.contextmanager
def shown(title: str, *, verbose: bool) -> Iterator[Callable[[float, float, str], None]]:
    """Yield `advance(done, total, note)` of a bar with the time left; of nothing without `verbose`."""
    if not verbose:
        yield lambda _done, _total, _note: None
        return
    from gan_augment.stages.progress import progress_bar

    with progress_bar(title) as advance:
        yield advance


def column_of(series: pd.Series) -> Column:
    """What kind of column this is, in its own dtype.

    Raises
    ------
    DataError
        It holds free text, identifiers, infinite values, or things that are no table values.
    """
    name, dtype = str(series.name), str(series.dtype)
    if isinstance(series.dtype, pd.CategoricalDtype):
        return Column(name=name, kind="categorical", dtype=dtype)
    values = canonical(series)
    problem = unfit(values)
    # Constant and all-missing columns come back as they are; a number that looks like an identifier is still a number.
    if problem is not None and problem.severity == "warning" and values.dtype == "string":
        raise DataError(
            f"Column {name!r} is no feature that can be synthesised",
            where=f"column {name!r}",
            got=problem.reason,
            remedy="drop the column, or make it a pandas category if its values are classes",
        )
    return describe(values).model_copy(update={"dtype": dtype})


def checked_labels(frame: pd.DataFrame, target: str) -> pd.Series:
    """The target column. Raises DataError where it is absent or has gaps, or column names are no different strings."""
    names = list(frame.columns)
    if not all(isinstance(name, str) for name in names) or len(set(names)) < len(names):
        raise DataError("Column names must be different strings", got=", ".join(map(repr, names))[:200])
    if target not in names:
        raise DataError("There is no such target column", got=repr(target), expected=", ".join(names)[:200])
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
