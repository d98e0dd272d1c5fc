"""`generate` in parts: the bytes are those of one draw in memory, whatever the parts, the processes and the kills."""

from __future__ import annotations

import dataclasses
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from gan_augment.core.atomic import file_hash, read_json
from gan_augment.core.checksums import CHECKSUMS, LISTED, list_checksums
from gan_augment.core.samples import Samples, join_payloads, make_manifest, read_samples, write_samples
from gan_augment.project.layout import Layout, Project
from gan_augment.stages import generate, pretrain, train_gan
from gan_augment.synthesis import drawing as parts
from gan_augment.synthesis.api import SampleRequest
from gan_augment.synthesis.registry import resolve_method
from tests.patience import wait_until
from tests.stages.downstream_project import make_project

COUNT = 1100
SMALL = {"batch_size": 16, "width": 16, "latent": 4, "checks": 1, "kimg": 0.032, "specialise_kimg": 0}


@pytest.fixture(scope="module", params=["copula", "conditional"])
def trained(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Project, str]:
    """A project with a model for a class, and the class."""
    table = request.param == "copula"
    project = make_project(
        tmp_path_factory.mktemp("trained"),
        modality="table" if table else "image",
        train=(30, 30),
        held=5,
        synthesis={"method": request.param, "settings": {} if table else SMALL},
        generate={"candidates": COUNT},
    )
    key = project.spec().classes[0].key
    pretrain.run(project)
    train_gan.run(project, key)
    served = project.layout.train_gan(key) / "served.json"
    served.write_text(served.read_text().replace('"served": "none"', '"served": "joint"'))  # untrained, but it draws
    list_checksums(served.parent)
    return project, key


@pytest.fixture
def project(trained: tuple[Project, str], tmp_path: Path) -> Project:
    """A copy of its own."""
    shutil.copytree(trained[0].layout.root, tmp_path / "p")
    return Project(trained[0].params, Layout(tmp_path / "p"))


@pytest.fixture
def key(trained: tuple[Project, str]) -> str:
    return trained[1]


def _with(project: Project, **settings: Any) -> Project:
    changed = project.params.generate.model_copy(update=settings)
    return dataclasses.replace(project, params=project.params.model_copy(update={"generate": changed}))


def _hash(project: Project, key: str) -> str:
    generate.run(project, key)
    return file_hash(project.layout.synthetic(key), without=(CHECKSUMS, LISTED))


def _leftovers(project: Project) -> list[str]:
    return [path.name for path in project.layout.root.glob(".gan_augment/generate/*")]


def test_the_bytes_are_those_of_one_draw_in_memory(
    project: Project, key: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(generate, "part_rows", lambda _: 256)
    found = _hash(project, key)
    spec, model = project.spec(), project.layout.train_gan(key)
    manifest = read_samples(project.layout.synthetic(key)).manifest
    seed, method = int(manifest["seed"][0]), project.params.synthesis.method
    fitted = resolve_method(method).load(model, spec)
    payload = join_payloads([b.payload for b in fitted.sample(SampleRequest(label=0, count=COUNT, seed=seed))])
    expected = make_manifest(
        COUNT, id=[f"{method}-{key}-{seed}-{n}" for n in range(COUNT)], label=spec.labels[0], split="train",
        origin="synthetic", method=method, model_hash=read_json(model / "served.json")["model_hash"], seed=seed,
    )  # fmt: skip
    (tmp_path / "held").mkdir()
    write_samples(tmp_path / "held", Samples(expected, payload))
    assert found == file_hash(tmp_path / "held")
    assert _leftovers(project) == []


def test_parts_of_another_length_and_more_processes_change_no_byte(
    project: Project, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = _hash(project, key)
    monkeypatch.setattr(generate, "part_rows", lambda _: 256)
    assert _hash(project, key) == whole
    if project.spec().modality == "table":  # a process takes seconds to start
        assert _hash(_with(project, workers=2), key) == whole


def test_a_killed_run_goes_on_at_the_part_it_was_writing(
    project: Project, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = _hash(project, key)
    shutil.rmtree(project.layout.synthetic(key))
    monkeypatch.setattr(generate, "part_rows", lambda _: 256)
    write, asked = parts.write_samples, []

    def dies_at_the_third(folder: Path, samples: Samples) -> None:
        asked.append(folder)
        if len(asked) == 3:
            raise KeyboardInterrupt
        write(folder, samples)

    monkeypatch.setattr(parts, "write_samples", dies_at_the_third)
    with pytest.raises(KeyboardInterrupt):
        generate.run(project, key)
    assert not project.layout.synthetic(key).exists()
    monkeypatch.setattr(parts, "write_samples", write)
    drawn: list[int] = []
    batches = parts._batches
    monkeypatch.setattr(parts, "_batches", lambda d, f, number: drawn.append(number) or batches(d, f, number))
    assert _hash(project, key) == whole
    assert drawn == [2, 3, 4]


def test_parts_of_another_seed_are_thrown_away(project: Project, key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(generate, "join_parts", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        generate.run(project, key)
    monkeypatch.undo()
    base = project.params.base.model_copy(update={"seed": 1})
    other = dataclasses.replace(project, params=project.params.model_copy(update={"base": base}))
    found = _hash(other, key)
    assert len(read_samples(project.layout.synthetic(key))) == COUNT
    assert found != _hash(project, key)
    assert _leftovers(project) == []


@pytest.mark.nightly
@pytest.mark.parametrize("workers", [1, 2])
def test_sigkill_leaves_no_process_and_nothing_half_written(project: Project, key: str, workers: int) -> None:
    many = _with(project, candidates=200_000, workers=workers)
    whole = _hash(many, key)
    shutil.rmtree(project.layout.synthetic(key))
    params = (project.layout.root / "params.yaml").read_text()
    params = params.replace(f"candidates: {COUNT}", f"candidates: 200000\n  workers: {workers}")
    (project.layout.root / "params.yaml").write_text(params)
    run = "import sys; from gan_augment.cli.main import main; sys.argv = ['gan-augment', *sys.argv[1:]]; main()"
    process = subprocess.Popen([sys.executable, "-c", run, "generate", key], cwd=project.layout.root)
    begun = ".gan_augment/generate/*/*/0*"
    assert wait_until(lambda: list(project.layout.root.glob(begun)), lambda: process.poll() is not None)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert not project.layout.synthetic(key).exists()
    assert _hash(many, key) == whole
