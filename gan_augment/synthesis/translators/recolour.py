"""`recolour`: a real image of the class with the colours of other attribute values, and those attributes beside it.

The cheap rival of methods that draw attributes. From train rows it learns the colour of each value: pixels fall into
few colours, and a value's is the one that rows with it have more of than others, beyond chance. An image is recoloured
where it has the colour of its own value: a pixel that is a mixture of that colour and another one of the image (an
edge, a shade) goes as far as its share in the mixture. A column whose values are no colours keeps the parent's value.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field
from sklearn.cluster import KMeans

from gan_augment.core.errors import MethodError, MissingInputError, ModelError
from gan_augment.core.fields import images_of
from gan_augment.core.records import DatasetSpec
from gan_augment.core.samples import TrainView, read_samples
from gan_augment.core.seeds import derive_seed, numpy_generator
from gan_augment.nn.conditions import UNKNOWN
from gan_augment.synthesis.api import MethodConfig, Run, SampleRequest, Synthetic, TrainingData, Traits
from gan_augment.synthesis.kit.attributes import Attributes
from gan_augment.synthesis.kit.blocks import BLOCK
from gan_augment.synthesis.kit.checks import check_train
from gan_augment.synthesis.kit.files import REMEDY, read_about, read_arrays, write_arrays
from gan_augment.synthesis.kit.untrained import FittedTranslator, Pixels, UntrainedTranslator

__all__ = ["FittedRecolour", "Recolour", "RecolourConfig", "recoloured", "value_colours"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

_LOOKED_AT = 20_000  # pixels of train rows, from which the colours are found
_SURE = (
    4.0  # standard errors by which rows with a value have more of its colour: the best of many colours is looked for
)
_APART = 40.0  # levels between two colours, below which one cannot be told from the other
_PURE = 0.7  # share of a colour, above which a pixel shows how light it is in this image
_LIGHT = (0.5, 1.5)  # of an image beside the mean of its value's colour


class RecolourConfig(MethodConfig):
    """Settings of the recolouring."""

    combinations: Literal["balanced", "all"] = Field(
        default="balanced",
        description="what is drawn of a class: each combination of its train rows equally often, or every combination",
    )
    colours: int = Field(default=24, ge=2, le=256, description="how many colours the pixels of train rows fall into")

    def check(self, spec: DatasetSpec) -> None:
        """Refuse grey images. Raises MethodError."""
        if spec.images.channels != 3:
            raise MethodError(
                f"{Recolour.name!r} changes colours", got="grey images", expected="images with three channels"
            )


def value_colours(images: Pixels, conditions: Ints, sizes: tuple[int, ...], palette: Floats) -> list[Floats | None]:
    """For each column float64 [size, 3]: the colour of each value, NaN of one that is not found; None: no colours.

    `conditions` int64 [n, columns] of the images uint8 [n, h, w, 3], 0 is unknown; `palette` float64 [k, 3].
    """
    flat = images.reshape(len(images), -1, 3).astype(np.float64)
    nearest = np.linalg.norm(flat[:, :, None] - palette, axis=3).argmin(axis=2)
    shares = np.stack([(nearest == colour).mean(axis=1) for colour in range(len(palette))], axis=1)
    found = [np.full((size, 3), np.nan) for size in sizes]
    for column, value, colour in _enriched(shares, conditions, sizes):
        own = conditions[:, column] == value
        found[column][value] = flat[own][nearest[own] == colour].mean(axis=0)
    return [colours if _told_apart(colours) else None for colours in found]


def _enriched(shares: Floats, conditions: Ints, sizes: tuple[int, ...]) -> Iterator[tuple[int, int, int]]:
    """(column, value, colour): of which colour rows with the value have most beyond rows with other values.

    By a regression on all columns at once: where dark hair and brown eyes go together, both would have the hair's.
    """
    told = np.concatenate(
        [conditions[:, [column]] == np.arange(size) for column, size in enumerate(sizes)], axis=1
    ).astype(np.float64)
    inverse = np.linalg.pinv(told.T @ told)
    effects = inverse @ told.T @ shares
    spread = np.sqrt(((shares - told @ effects) ** 2).sum(axis=0) / max(len(shares) - np.linalg.matrix_rank(told), 1))
    starts = np.cumsum([0, *sizes])
    for column, size in enumerate(sizes):
        present = [value for value in range(1, size) if told[:, starts[column] + value].any()]
        for value in present if len(present) > 1 else ():
            contrast = np.zeros(len(effects))
            contrast[starts[column] + np.array(present)] = -1 / (len(present) - 1)
            contrast[starts[column] + value] = 1
            more, error = contrast @ effects, spread * np.sqrt(contrast @ inverse @ contrast)
            best = int(more.argmax())
            if more[best] > _SURE * error[best]:
                yield column, value, best


def _told_apart(colours: Floats) -> bool:
    """Whether there are two colours or more, each of them another one."""
    known = colours[~np.isnan(colours[:, 0])]
    apart = [np.linalg.norm(one - other) for place, one in enumerate(known) for other in known[:place]]
    return bool(apart) and bool(min(apart) >= _APART)


def recoloured(image: Pixels, moves: Sequence[tuple[Floats, Floats, Floats]]) -> Pixels:
    """The image [h, w, 3] with other colours: moves of (now [3], wanted [3], others [k, 3]: what else is in it).

    A pixel between `now` and the nearest other colour is a mixture of the two: it moves by its share of `now`. All
    moves start from the image as it came: where two colours move, their edge is a mixture of the new ones.
    """
    pixels = image.astype(np.float64)
    total = pixels.copy()
    for now, wanted, others in moves:
        apart = np.linalg.norm(others - now, axis=1)
        reach = max(float(min(apart[apart >= _APART], default=2 * _APART)), _APART)
        share = np.clip(1 - np.linalg.norm(pixels - now, axis=2) / reach, 0, 1)[..., None]
        lit = pixels[share[..., 0] > _PURE]
        light = float(np.clip(lit.sum() / max(float(now.sum()), 1.0) / len(lit), *_LIGHT)) if len(lit) else 1.0
        total += share * light * (wanted - now)
    moved: Pixels = np.clip(np.rint(total), 0, 255).astype(np.uint8)
    return moved


@dataclass
class FittedRecolour(FittedTranslator):
    """The real train images, and the colour of each value of the columns that are colours."""

    attributes: Attributes = field(kw_only=True)
    colours: tuple[Floats | None, ...] = ()

    @property
    def summary(self) -> dict[str, Any]:
        """The number of images to draw from, and the columns that keep the value of the parent."""
        columns = zip(self.attributes.columns, self.colours, strict=True)
        return {"rows": len(self.rows), "kept_columns": [own.name for own, colours in columns if colours is None]}

    def sample(self, request: SampleRequest) -> Iterator[Synthetic]:
        """Images of the class with parents and attributes, the n-th from (seed, index, n) alone. Raises MethodError."""
        view = TrainView(self.spec, self.own(request.index))
        own, images = self.attributes.conditions(view, self.method.name), images_of(view.samples.payload)
        ids = view.samples.manifest["id"].to_numpy(dtype=object)
        end = request.start + request.count
        for first in range(request.start, end, BLOCK):
            numbers = range(first, min(first + BLOCK, end))
            randoms = [numpy_generator(request.seed, request.index, number) for number in numbers]
            drawn = [self._recolour(images, own, random) for random in randoms]
            pictures, places, told = zip(*drawn, strict=True)
            beside = self.attributes.frame(np.stack(told), {})
            yield Synthetic(np.stack(pictures), tuple(ids[list(places)]), companions={"attributes": beside})

    def _recolour(self, images: Pixels, own: Ints, random: np.random.Generator) -> tuple[Pixels, int, Ints]:
        """A picture, the place of its parent, and its condition."""
        wanted = self._wanted(own, random)
        fixed = [place for place, colours in enumerate(self.colours, start=1) if colours is None]
        wanted[fixed] = UNKNOWN
        # A parent that has all of it already would be a copy of itself.
        differs = np.flatnonzero(((own != wanted) & (wanted != UNKNOWN) & (own != UNKNOWN)).any(axis=1))
        place = int(random.choice(differs if len(differs) else len(own)))
        told, moves = own[place].copy(), list[tuple[Floats, Floats, Floats]]()
        for column, colours in enumerate(self.colours, start=1):
            now, then = int(told[column]), int(wanted[column])
            if colours is None or UNKNOWN in (now, then) or np.isnan(colours[[now, then]]).any():
                continue
            moves.append((colours[now], colours[then], self._others(own[place], column)))
            told[column] = then
        return recoloured(images[place], moves), place, told

    def _wanted(self, own: Ints, random: np.random.Generator) -> Ints:
        """A combination of values, int64 [groups]."""
        if self.config.combinations == "all":
            free = [int(random.integers(1, size)) for size in self.attributes.sizes[1:]]
            return np.array([own[0, 0], *free], dtype=np.int64)
        whole = own[(own != UNKNOWN).all(axis=1)]
        seen = np.unique(whole if len(whole) else own, axis=0)
        wanted: Ints = seen[random.integers(len(seen))]
        return wanted

    def _others(self, told: Ints, column: int) -> Floats:
        """float64 [k, 3]: the colours of the image's other columns."""
        values = enumerate(zip(told[1:], self.colours, strict=True), start=1)
        found = [colours[value] for place, (value, colours) in values if place != column and colours is not None]
        known = [colour for colour in found if not np.isnan(colour).any()]
        return np.stack(known) if known else np.zeros((0, 3))

    def about(self) -> dict[str, Any]:
        """The columns of the attributes."""
        return {"columns": self.attributes.saved}

    def save(self, directory: Path) -> None:
        """As every untrained translator, and colours.safetensors."""
        super().save(directory)
        found = {str(place): colours for place, colours in enumerate(self.colours) if colours is not None}
        write_arrays(directory / "colours.safetensors", {"none": np.zeros(0), **found})


class Recolour(UntrainedTranslator):
    """A real image in the colours of other attribute values, with these attributes beside it."""

    name: ClassVar[str] = "recolour"
    traits: ClassVar[Traits] = Traits(
        makes=frozenset({"image"}),
        label_from="source",
        trainable=False,
        needs=frozenset({"attributes"}),
        emits=frozenset({"attributes"}),
    )
    Config: ClassVar[type[MethodConfig]] = RecolourConfig

    def fit(self, data: TrainingData, config: RecolourConfig, run: Run) -> FittedRecolour:
        """Learn the colours of the values. Raises MethodError where rows have no attributes, or no colours."""
        check_train(data.train, self.name)
        config.check(data.train.spec)
        images = images_of(data.train.samples.payload)
        attributes = Attributes.of(data.train, self.name)
        conditions = attributes.conditions(data.train, self.name)
        palette = _palette(images, config.colours, derive_seed(run.seed, "palette"))
        colours = value_colours(images, conditions[:, 1:], attributes.sizes[1:], palette)
        return FittedRecolour(
            self, data.train.spec, config, data.train.samples, attributes=attributes, colours=tuple(colours)
        )

    def load(self, directory: Path, spec: DatasetSpec, *, device: str = "cpu") -> FittedRecolour:
        """Read a saved model. Raises ModelError where it is damaged or another method's."""
        del device
        about = read_about(directory, self.name)
        found = read_arrays(directory / "colours.safetensors", ("none",))
        try:
            config = RecolourConfig.model_validate(about["config"])
            known = Attributes.restored(len(spec.classes), about["columns"])
            rows = read_samples(directory / "rows", companions=("attributes",), mmap=True)
        except (MissingInputError, OSError, KeyError, TypeError, ValueError) as error:
            raise ModelError("A saved model cannot be read", where=directory, got=str(error), remedy=REMEDY) from None
        colours = tuple(found.get(str(place)) for place in range(len(known.columns)))
        return FittedRecolour(self, spec, config, rows, attributes=known, colours=colours)


def _palette(images: Pixels, colours: int, seed: int) -> Floats:
    """float64 [k, 3]: colours that pixels of train rows fall into."""
    pixels = images.reshape(-1, 3)
    some = numpy_generator(seed, "pixels").choice(len(pixels), min(len(pixels), _LOOKED_AT), replace=False)
    chosen = pixels[np.sort(some)].astype(np.float64)
    clusters = min(colours, len(np.unique(chosen, axis=0)))
    centres: Floats = KMeans(clusters, n_init=2, random_state=seed % 2**32).fit(chosen).cluster_centers_
    return centres
