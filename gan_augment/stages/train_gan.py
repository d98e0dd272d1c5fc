"""`train_gan@<class>`: specialise the joint model on one class, and keep the result only where it is no worse."""

from __future__ import annotations

from functools import partial

from gan_augment.compute.devices import resolve_device
from gan_augment.core.atomic import file_hash, write_json
from gan_augment.core.checksums import check_folder, replacing_output
from gan_augment.core.progress import progress_bar
from gan_augment.core.seeds import derive_seed
from gan_augment.core.verbosity import remark
from gan_augment.encoding.feature_space import fit_feature_space
from gan_augment.project.layout import Project
from gan_augment.project.live import live_training
from gan_augment.project.training import (
    checkpoint_path,
    companions_for,
    method_and_config,
    pool_for,
    report_progress,
    resumed_checkpoint,
    write_curve,
)
from gan_augment.synthesis.api import Fitted, MethodConfig, Run, Synthesizer, TrainingData
from gan_augment.synthesis.health.gate import GateDecision, choose_model
from gan_augment.training.memory import within_memory

__all__ = ["run"]


def run(project: Project, key: str) -> None:
    """Write the model that serves class `key`, with served.json beside it."""
    method, config = method_and_config(project)
    index, checkpoint = project.class_index(key), resumed_checkpoint(project, f"train_gan-{key}")
    with progress_bar(f"train_gan {key}") as advance:
        run = Run(
            derive_seed(project.params.base.seed, "train_gan", key),
            resolve_device(project.params.base.device),
            report_progress(advance, live_training(project, key)),
            checkpoint,
        )
        served, decision = _train(project, method, config, index, run)
    curve = project.layout.training_curve(key)
    write_curve(curve, served.stats)
    with replacing_output(project.layout.train_gan(key), beside=[curve]) as directory:
        served.save(directory)
        about = {**decision.model_dump(mode="json"), "method": method.name, "model_hash": file_hash(directory)}
        write_json(directory / "served.json", about)
    checkpoint_path(project, f"train_gan-{key}").unlink(missing_ok=True)
    by = "no model" if decision.served == "none" else f"its {decision.served} model"
    remark(f"class {key} is served by {by}: {decision.reason}")


def _train(
    project: Project, method: Synthesizer, config: MethodConfig, index: int, run: Run
) -> tuple[Fitted, GateDecision]:
    key, roles = project.spec().classes[index].key, companions_for(project, method)
    if method.traits.fitted == "per class":
        validation = project.validation_view(roles).of_class(index)
        data = TrainingData(project.class_train_view(key, roles), validation, pool_for(project, method))
        own = within_memory(partial(method.fit, data, run=run), config)
        return own, _untried(own, index, "specialised", "this method trains one model a class")
    check_folder(project.layout.pretrain)
    joint = method.load(project.layout.pretrain, project.spec(), device=run.device)
    if not method.traits.specialises:
        return joint, _untried(joint, index, "joint", f"{method.name} has no specialisation")
    wanted = project.params.classes[key].specialise
    if not (project.params.train_gan.specialise if wanted is None else wanted):
        return joint, _untried(joint, index, "joint", "specialisation is off in params.yaml")
    train = project.class_train_view(key, roles)
    own = within_memory(partial(method.specialise, joint, train, index=index, run=run), config)
    return _gate(project, joint, own, index)


def _gate(project: Project, joint: Fitted, own: Fitted, index: int) -> tuple[Fitted, GateDecision]:
    train, validation = project.train_view(), project.validation_view()
    space = fit_feature_space(train)
    decision = choose_model(joint, own, train, validation, index=index, features=space, seed=project.params.base.seed)
    return (own if decision.served == "specialised" else joint), decision


def _untried(fitted: Fitted, index: int, served: str, reason: str) -> GateDecision:
    """No gate to pass; but a class of which the training itself says that it went wrong is served by no model."""
    if problem := fitted.summary.get("refused_classes", {}).get(str(index)):
        served, reason = "none", f"not synthesised: {problem}"
    return GateDecision.model_validate(
        {"served": served, "decision": "not tried", "joint": None, "specialised": None, "reason": reason}
    )
