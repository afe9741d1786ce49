"""The fields of ``[search]`` in the form of a new grid: which plan, how many trials, what is pruned. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from hpo_core.errors import SpecError
from hpo_core.plan.plans import DEFAULT_PLAN, NO_PRUNER, PLANS, PRUNERS
from hpo_core.plan.spec import MAX_TRAININGS, SearchSpec
from hpo_tui.forms.fields import read_count

PLAN, TRIALS, PRUNER = "plan", "trials", "pruner"


def search_texts(search: SearchSpec) -> dict[str, str]:
    """Return what the fields say of a spec's search."""
    return {PLAN: search.plan, TRIALS: str(search.trials or ""), PRUNER: search.pruner}


def search_note(key: str, text: str) -> str:
    """Return what stands beside one of the fields: what is chosen there, in words."""
    if key == TRIALS:
        return "how many, for a plan that draws them" + ("; a range needs such a plan" if not text else "")
    return PLANS[text].meaning if key == PLAN else PRUNERS[text].meaning


def read_search(texts: Mapping[str, str], errors: dict[str, str]) -> SearchSpec:
    """Return what the fields ask for; what is wrong goes to ``errors``, by field."""
    plan, text, trials = texts.get(PLAN, DEFAULT_PLAN), texts.get(TRIALS, "").strip(), None
    if PLANS[plan].module and not text:
        errors[TRIALS] = f"The plan {plan} must know how many trials it shall draw."
    elif text and not PLANS[plan].module:
        errors[TRIALS] = f"The plan {plan} trains every combination; take another one, or leave this empty."
    elif text:
        try:
            trials = read_count(TRIALS, text, MAX_TRAININGS)
        except SpecError as error:
            errors[TRIALS] = str(error)
    return SearchSpec(plan, trials, texts.get(PRUNER, NO_PRUNER))
