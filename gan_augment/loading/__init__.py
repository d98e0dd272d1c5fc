"""Loading of an export: `gan_augment.load(path)` as a torch dataset, a stream, a pandas frame or numpy arrays.

Heavy packages are imported only when needed: reading a table needs no torch, nor does reading images as arrays.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal, get_args

from gan_augment.core.errors import ParamsError
from gan_augment.core.records import Modality, Role
from gan_augment.loading.opened import Adjustment, Arrays, ArraysBeside, Origin, opened

__all__ = ["Adjustment", "Arrays", "ArraysBeside", "load"]

Target = Literal["torch", "stream", "pandas", "frames", "numpy", "adjustment"]
_TARGETS = get_args(Target)

_DEFAULT: dict[Modality, Target] = {"image": "torch", "table": "pandas"}


def load(
    path: str | Path,
    to: Target | None = None,
    *,
    format: str | None = None,  # noqa: A002 - the usual word for it
    only: Origin | None = None,
    classes: Sequence[str] | None = None,
    real_fraction: float = 1.0,
    ratio: float | None = None,
    companions: Sequence[Role] = (),
    transform: Callable[..., Any] | None = None,
    seed: int = 0,
    world: tuple[int, int] | None = None,
    even: bool = True,
) -> Any:
    """Read the folder that `gan-augment export` wrote.

    Parameters
    ----------
    path
        The export folder.
    to
        `"torch"`: a map-style `torch.utils.data.Dataset` of (tensor, class index). `"stream"`: an `IterableDataset`
        that reads the shards one after another, split over workers and ranks. `"numpy"`: `Arrays(x, y, synthetic,
        labels)`. Tables: `"pandas"`, a frame, or `"frames"`, an iterator over frames, one per shard. Default: `"torch"`
        for images, `"pandas"` for tables. `"adjustment"`: no rows, but `Adjustment(tau, log_prior)`; logits minus
        tau x log_prior reproduce the measured gain.
    format
        The exported format to read; by default the first. `"csv"` reads the CSV side of `"table"`.
    only
        `"real"` or `"synthetic"` rows only.
    classes
        Labels (or class keys) to keep. Class indices stay those of the whole data set.
    real_fraction
        Keep this share of each class's real rows, in (0, 1], at least one; the same `seed` gives the same rows, and a
        smaller share is a part of a larger one.
    ratio
        Keep only the preferred synthetic rows that fill every class up to `ratio` x the largest real
        class; None keeps all that were exported.
    companions
        Images: the companions to read too, such as `["mask", "attributes"]`. Items of torch and streams are
        then (tensor, class index, dict by role), arrays have a fifth part `companions`. Masks and pairs are uint8
        tensors [channels, height, width], not transformed (except a mask by albumentations, together with its image);
        a caption is a text, attributes are a dict.
    transform
        Images as torch or stream: called with uint8 [height, width, channels] in place of the default, which gives
        float32 [channels, height, width] in [0, 1]. A transform of albumentations is called in its own way.
    seed
        The seed of `real_fraction` and of the stream's order.
    world
        Streams: (rank, ranks) of this process. Default: from torch.distributed, or the variables RANK and
        WORLD_SIZE.
    even
        Streams: every rank yields the same number of items, so that none waits for a batch of another; some, fewer than
        there are ranks, are repeated for it. False: each row once, and ranks may differ by one item.

    Raises
    ------
    MissingInputError
        `path` is not an export, or files of it are missing.
    DataError
        A file is not as it was written (found at its first read), was written by a newer gan-augment, or names a file
        outside of `path`; a stream has no row, or fewer than ranks.
    ParamsError
        An unknown class, format or companion, a companion that chosen rows lack, a share out of range, or a target that
        does not fit the modality.

    Examples
    --------
    An export of images, with 12 real and 12 synthetic cats, 4 real and 20 synthetic dogs:

    >>> import gan_augment
    >>> train = gan_augment.load("export")
    >>> image, label = train[0]
    >>> image.shape, train.labels, len(train)
    (torch.Size([1, 12, 12]), ('cat', 'dog'), 48)

    Its real rows, and at most as many rows per class as real cats, as arrays:

    >>> gan_augment.load("export", "numpy", only="real").x.shape
    (16, 12, 12, 1)
    >>> gan_augment.load("export", "numpy", ratio=1).synthetic.tolist().count(True)
    8
    """
    export = opened(
        Path(path),
        format=format,
        only=only,
        classes=classes,
        real_fraction=real_fraction,
        ratio=ratio,
        companions=companions,
        seed=seed,
    )
    target = to or _DEFAULT[export.spec.modality]
    _check_options(target, transform, world)
    if target == "pandas":
        return export.frame()
    if target == "frames":
        return export.frames()
    if target == "numpy":
        return export.arrays()
    if target == "adjustment":
        return export.adjustment
    if target in ("torch", "stream"):
        from gan_augment.loading.torch_data import ShardDataset, ShardStream

        if target == "torch":
            return ShardDataset(export, transform)
        return ShardStream(export, transform, world=world, even=even)
    raise ParamsError(
        "There is no such target", where="load(to=...)", got=repr(to), expected=", ".join(get_args(Target))
    )


def _check_options(target: str, transform: object, world: object) -> None:
    """Raise ParamsError for an option that the target does not read."""
    unread = [("transform", transform, ("torch", "stream")), ("world", world, ("stream",))]
    for name, value, targets in unread:
        if value is not None and target in _TARGETS and target not in targets:
            raise ParamsError(
                f"This target reads no {name}",
                where=f"load(to={target!r}, {name}=...)",
                expected=f"{name} with " + " or ".join(map(repr, targets)),
            )
