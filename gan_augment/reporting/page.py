"""The report: one HTML file with everything inside, for a person to read on any screen or on paper."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gan_augment.reporting import conditions, sections
from gan_augment.reporting.captions import caption_gallery
from gan_augment.reporting.config import ReportConfig
from gan_augment.reporting.evidence import Evidence
from gan_augment.reporting.lights import GUIDE, lights
from gan_augment.reporting.painted import painted
from gan_augment.reporting.pictures import Sheet, class_sheets, is_pixelated
from gan_augment.reporting.scales import number, percent
from gan_augment.reporting.templating import page_environment

__all__ = ["render_report"]

_SERVED = {
    ("specialised", "accepted"): ("specialised", "its own model, specialised from the joint one"),
    ("joint", "refused"): ("joint", "the joint model; the specialised one was refused"),
    ("joint", "not tried"): ("joint", "the joint model; none was specialised"),
    ("specialised", "not tried"): ("specialised", "a model of its own"),
}


_NO_MODEL = ("no", "no model: the class was not synthesised")


def render_report(evidence: Evidence, config: ReportConfig) -> str:
    """The page as HTML. The same evidence gives the same text: there is no date in it."""
    sheets = class_sheets(evidence, config) if evidence.spec.image is not None else {}
    pixelated = is_pixelated(evidence.spec)
    return (
        page_environment()
        .get_template("report.html.j2")
        .render(
            title=config.title or evidence.spec.name,
            spec=evidence.spec,
            headline=sections.headline(evidence),
            arms=sections.arms(evidence),
            skipped=sections.skipped(evidence),
            robustness=sections.robustness(evidence),
            gains=sections.class_gains(evidence),
            groups=sections.groups(evidence),
            readings=sections.readings(evidence),
            ratios=sections.ratio_curve(evidence),
            classes=[_class_card(record, evidence, sheets.get(record.key)) for record in evidence.spec.classes],
            verdicts=_verdicts(sheets),
            others={name: uri for sheet in sheets.values() for name, uri in sheet.others.items()},
            captions=caption_gallery(evidence.captioned),
            columns=sections.columns(evidence, config.features),
            asked=conditions.attributes(evidence) if sheets else [],
            guard=conditions.guard(evidence),
            painted=painted(evidence) if sheets else [],
            training=sections.training(evidence),
            curation=sections.curation(evidence),
            overall=_overall(evidence),
            guide=GUIDE,
            notes=_notes(evidence),
            provenance=evidence.provenance,
            pixelated=pixelated,
            translated=_shows(sheets, "source") or _shows(sheets, "script"),
            pooled=_shows(sheets, "pool"),
        )
    )


def _class_card(record: Any, evidence: Evidence, sheet: Sheet | None) -> dict[str, Any]:
    served = evidence.served.get(record.key, {})
    figures = evidence.curate.get("classes", {}).get(record.key, {})
    model, words = (
        _NO_MODEL
        if served.get("served") == "none"
        else _SERVED.get((served.get("served", ""), served.get("decision", "")), ("unknown", "not recorded"))
    )
    real = int((evidence.train.manifest["label"] == record.label).sum())
    return {
        "key": record.key,
        "label": record.label,
        "real": number(real),
        "candidates": number(figures.get("candidates")),
        "accepted": number(figures.get("accepted")),
        "model": model,
        "model_words": words,
        "reason": served.get("reason", ""),
        "method": served.get("method", ""),
        "model_hash": str(served.get("model_hash", ""))[:16],
        "scores": _gate_scores(served),
        "lights": lights(figures),
        "kid": number(figures.get("kid"), 3),
        "not_made": figures.get("not_made"),
        "refused_by": figures.get("refused_by"),
        "sheet": sheet,
    }


def _notes(evidence: Evidence) -> list[tuple[str, str, str]]:
    """(what, where, remedy) of the audit's findings."""
    return [
        (note["what"], note.get("where") or "", note.get("remedy") or "") for note in evidence.audit.get("notes", [])
    ]


def _gate_scores(served: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """(figure, joint, specialised) of the gate, where both were measured."""
    joint, own = served.get("joint") or {}, served.get("specialised") or {}
    return [(name.upper(), number(joint[name]), number(own[name])) for name in joint if name in own]


def _shows(sheets: Mapping[str, Sheet], why: str) -> bool:
    """Whether some picture stands beside another one for this reason."""
    return any(why == shown for sheet in sheets.values() for p in sheet.synthetic for shown, _ in p.neighbours)


def _verdicts(sheets: Mapping[str, Sheet]) -> list[str]:
    """The curation verdicts among the shown pictures, "accepted" first."""
    found = {picture.verdict for sheet in sheets.values() for picture in sheet.synthetic}
    return sorted(found, key=lambda verdict: (verdict != "accepted", verdict))


def _overall(evidence: Evidence) -> dict[str, Any]:
    curate = evidence.curate
    figures = curate.get("overall") or {}
    tstr = curate.get("tstr") or {}
    shown = [
        ("KID", "kid"),
        ("Precision", "precision"),
        ("Recall", "recall"),
        ("Density", "density"),
        ("Coverage", "coverage"),
    ]
    best = curate.get("real_against_real") or {}
    return {
        "lights": lights(figures),
        "figures": [(name, number(figures.get(key)), number(best.get(key)) if best else "") for name, key in shown],
        "space": curate.get("feature_space", "unnamed features"),
        "weaknesses": _weaknesses(curate),
        "privacy": list(curate.get("privacy") or []),
        "tstr": [
            (origin, percent(_mean(tstr[origin]))) for origin in ("real", "synthetic") if tstr.get(origin) is not None
        ],
    }


_COLOURS = {"green": "good", "amber": "watch", "red": "poor", "grey": "unknown"}


def _weaknesses(curate: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """(name, state, sentence) of the checks for what GANs are known to get wrong."""
    return [
        (name.capitalize(), _COLOURS.get(light["colour"], "unknown"), light["sentence"])
        for name, light in (curate.get("weaknesses") or {}).items()
    ]


def _mean(value: Any) -> float:
    return float(value["mean"]) if isinstance(value, Mapping) else float(value)
