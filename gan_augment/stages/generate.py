"""`generate@<class>`: draw candidates of one class from the model that serves it."""

from __future__ import annotations

from gan_augment.core.atomic import read_json, replacing_directory
from gan_augment.core.samples import Samples, empty_payload, join_payloads, make_manifest, write_samples
from gan_augment.core.seeds import derive_seed
from gan_augment.stages.progress import progress_bar
from gan_augment.stages.project import Project
from gan_augment.synthesis.api import SampleRequest
from gan_augment.synthesis.registry import resolve_method
from gan_augment.training.devices import resolve_device

__all__ = ["run"]


def run(project: Project, key: str) -> None:
    """Write data/synthetic/<key>: as many candidates as `generate` or the class's own setting asks for."""
    spec, label = project.spec(), project.class_index(key)
    method = resolve_method(project.params.synthesis.method)
    model = project.layout.train_gan(key)
    served = read_json(model / "served.json")
    fitted = method.load(model, spec, device=resolve_device(project.params.base.device))
    # Sampling seeds are stored with each row, so they stay within what every file format calls an integer.
    seed = derive_seed(project.params.base.seed, "generate", key) % 2**31
    own = project.params.classes[key].candidates
    count = project.params.generate.candidates if own is None else own
    if served["served"] == "none":
        print(f"class {key} gets no synthetic samples: {served['reason']}")
        count = 0
    batches = []
    with progress_bar(f"generate {key} ({count})") as advance:
        # A method may refuse a class outright, so where nothing is wanted nothing is asked for.
        for batch in fitted.sample(SampleRequest(label=label, count=count, seed=seed)) if count else ():
            batches.append(batch)
            advance(sum(len(b.payload) for b in batches), count, "")
    payload = join_payloads([batch.payload for batch in batches]) if batches else empty_payload(spec)
    manifest = make_manifest(
        len(payload),
        id=[f"{method.name}-{key}-{seed}-{number}" for number in range(len(payload))],
        label=spec.labels[label],
        split="train",
        origin="synthetic",
        method=method.name,
        model_hash=served["model_hash"],
        seed=seed,
        parents=[parent for batch in batches for parent in batch.parents or [""] * len(batch.payload)],
    )
    with replacing_directory(project.layout.synthetic(key)) as directory:
        write_samples(directory, Samples(manifest, payload))
