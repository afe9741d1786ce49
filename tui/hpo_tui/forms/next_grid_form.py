"""The form of the next grid: the texts of its fields to a proposal, or to what is wrong with them. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct, field
from msgspec.structs import replace

from hpo_core.errors import HpoError, SpecError
from hpo_core.plan.grid import Hyperparameter
from hpo_core.plan.hyperparameters import KNOWN, KnownHyperparameter, Value
from hpo_core.plan.spec import SessionSpec
from hpo_core.plan.workloads import WORKLOADS
from hpo_core.refine.proposal import Proposal
from hpo_core.text import clean, format_seconds, format_value, plural
from hpo_tui.forms.fields import MAX_REPLICATES, read_count, read_name, read_values, values_text
from hpo_tui.look.numbers import trial_words

REPLICATES, NAME, EPOCHS = "replicates", "name", "epochs"


class Next(Struct, frozen=True):
    """What the texts mean: a proposal and the new session's name, or sentences beside the fields."""

    proposal: Proposal | None = None
    name: str | None = None
    errors: Mapping[str, str] = field(default_factory=dict)


def value_names(first: Proposal) -> list[str]:
    """Return the hyperparameters that have a field: those of the grid, and the epochs where the spec fixes them.

    A training of one's own may know no epochs: none are asked for then.
    """
    names, spec = [factor.name for factor in first.factors], first.snapshot.spec
    return [*names, EPOCHS] if EPOCHS not in names and spec.trainable and spec.epochs_of(1) else names


def first_texts(first: Proposal, name: str) -> dict[str, str]:
    """Return what the fields say at first: the proposal."""
    texts = {factor.name: values_text(factor.values) for factor in first.factors}
    if EPOCHS in value_names(first):
        texts.setdefault(EPOCHS, str(first.snapshot.spec.epochs_of(1)))
    return texts | {REPLICATES: str(first.replicates), NAME: name}


def proposed(first: Proposal, name: str) -> tuple[Value, ...]:
    """Return the values of the proposal that the session has not: those that were thought up."""
    values = next((factor.values for factor in first.factors if factor.name == name), ())
    return tuple(value for value in values if first.is_new(name, value))


def known_values(first: Proposal, name: str) -> tuple[Value, ...]:
    """Return every value that the field may mean by its text: the session's own and the proposed ones."""
    grid = first.snapshot.spec.grid
    own = next((factor.values for factor in grid.hyperparameters if factor.name == name), ())
    return own + proposed(first, name)


def new_values(first: Proposal, name: str, text: str) -> list[tuple[Value, bool]]:
    """Return the values that are new to the session, proposed or typed, and whether the field has each."""
    try:
        there = _read(first, name, text)
    except SpecError:
        return []
    typed = [value for value in there if first.is_new(name, value)]
    offered = proposed(first, name)
    return [(value, value in there) for value in (*offered, *(value for value in typed if value not in offered))]


def toggled(first: Proposal, name: str, text: str, values: tuple[Value, ...]) -> str:
    """Return the field's text with these values put in, or, where all of them are there, taken out."""
    there = _read(first, name, text)
    if set(values) <= set(there):
        return values_text(value for value in there if value not in values)
    both = (*there, *(value for value in values if value not in there))
    return values_text(sorted(both, key=_size) if all(isinstance(value, (int, float)) for value in both) else both)


def _read(first: Proposal, name: str, text: str) -> tuple[Value, ...]:
    spec = first.snapshot.spec
    facts: dict[str, KnownHyperparameter] | None = {} if spec.model is not None else None
    return read_values(name, text, known_values(first, name), not spec.trainable, facts)


def _size(value: Value) -> float:
    return float(value)


def read_next(first: Proposal, texts: Mapping[str, str], sessions: Path) -> Next:
    """Return what the form asks for now. A session that was imported is not made anew, so its name is free."""
    errors: dict[str, str] = {}
    values: dict[str, tuple[Value, ...]] = {}
    for name in value_names(first):
        try:
            values[name] = _read(first, name, texts[name])
            if not values[name]:
                raise SpecError(f"{clean(name, 60)} has no values; give at least one.")
        except SpecError as error:
            errors[name] = str(error)
    replicates, new_name = first.replicates, None
    try:
        replicates = read_count(REPLICATES, texts[REPLICATES], MAX_REPLICATES)
    except SpecError as error:
        errors[REPLICATES] = str(error)
    try:
        new_name = read_name(texts[NAME], sessions)
    except HpoError as error:
        errors[NAME] = str(error)
    if errors:
        return Next(None, new_name, errors)
    try:
        proposal = _proposal(first, values).with_replicates(replicates)
        _ = proposal.spec  # refuses what no single field can know, such as too many trainings
    except SpecError as error:
        return Next(None, new_name, {"": str(error)})
    return Next(proposal, new_name)


def _proposal(first: Proposal, values: Mapping[str, tuple[Value, ...]]) -> Proposal:
    if first.snapshot.spec.trainable:
        return first.with_values(values)
    return replace(first, factors=tuple(Hyperparameter(name, given) for name, given in values.items()))


def next_words(proposal: Proposal) -> list[str]:
    """Return what the next grid costs: trials new and re-used, trainings, expected time."""
    if not proposal.snapshot.spec.trainable:
        spec = proposal.spec
        return [f"{plural(len(spec.grid), 'trial')}, {plural(spec.trainings, 'training')}"]
    if not proposal.trainings:
        return [proposal.in_words(), "nothing to train: every result is there already"]
    seconds, saved = proposal.seconds, proposal.saved_words()
    counted = " · ".join(filter(None, (proposal.in_words(), saved)))
    if seconds is None:
        return [counted, "expected time: unknown, nothing was trained in this session yet"]
    workers = proposal.snapshot.engine.workers if proposal.snapshot.engine else 1
    at = f" with {plural(workers, 'worker')}" if workers > 1 else ""
    return [
        counted,
        f"expected time: about {format_seconds(seconds)}{at}, at this session's own speed",
    ]


def best_words(first: Proposal) -> str:
    """Return around which trial the proposal is finer."""
    if first.apart:
        return first.apart
    if first.best is None:
        return "No trial in view has a score yet, so no finer values are proposed."
    best = trial_words(first.snapshot.spec.grid[first.best].values)
    return ". ".join((f"Finer around the best in view, trial {first.best}: {best}", *first.why))


def imported_words(first: Proposal) -> str:
    """Return why an imported session's next grid cannot be trained at once, and what can be done."""
    lead = f"{clean(first.session, 40)} was imported: it has results, and nothing to train on."
    strange = strange_names(first)
    if not strange:
        return f"{lead} To train a finer grid, give it your data."
    are = "is not a hyperparameter" if len(strange) == 1 else "are not hyperparameters"
    return f"{lead} To train a finer grid, give it your data; {', '.join(strange)} {are} that hpo-tui trains."


def strange_names(proposal: Proposal) -> list[str]:
    """Return the hyperparameters that hpo-tui cannot train as they stand."""
    return [clean(factor.name, 40) for factor in proposal.factors if _objection(factor)]


def saved_words(path: Path, proposal: Proposal) -> str:
    """Return what is still to be done to the spec file of an imported session's next grid."""
    strange = strange_names(proposal)
    change = f", change {' and '.join(strange)} as it says" if strange else ""
    return f"Wrote {clean(path)}. Name your data in it{change}; then: hpo-tui run {clean(path.name)}"


def _objection(factor: Hyperparameter) -> str:
    """Return why hpo-tui cannot train these values, or nothing."""
    if factor.name not in KNOWN:
        return f"{clean(factor.name)} is no hyperparameter of hpo-tui: rename it, or take it out."
    try:
        for value in factor.values:
            KNOWN[factor.name].check(value, factor.name)
    except SpecError as error:
        return str(error)
    return ""


IMPORTED_HEAD = """\
# Name your images here, a folder for each class; then: hpo-tui run THIS_FILE
[data]
source = "folder"
path = "path/to/images"

"""


def imported_spec_text(proposal: Proposal) -> str:
    """Return an imported session's next grid as a spec file, with a place to name the data."""
    spec = proposal.spec
    known = WORKLOADS[spec.workload].metrics
    metric = spec.objective.metric if spec.objective.metric in known else known[0]
    notes = [f"# {objection}\n" for factor in proposal.factors if (objection := _objection(factor))]
    session = f'\n[session]\nreplicates = {spec.replicates}\nobjective = "{metric}"\n'
    return IMPORTED_HEAD + "".join(notes) + _tables_of(spec) + session


def _tables_of(spec: SessionSpec) -> str:
    """The [grid] and [fixed] tables of the spec's own text, in which [data] comes first and [session] last."""
    text = spec.to_toml()
    return text[text.index("[grid]") : text.index("[session]")].rstrip() + "\n"


def fixed_words(spec: SessionSpec) -> str:
    """Return what stays fixed beside the fields, or nothing."""
    named = [f"{clean(name)} {format_value(value)}" for name, value in spec.fixed.items() if name != EPOCHS]
    return f"fixed as before: {' · '.join(named)}" if named else ""
