"""The form of a new grid: which fields there are, what their texts mean, and what is wrong with them.

Pure: texts in, a spec or sentences out. A hyperparameter's field with several values varies it, one value fixes
it, and an empty field leaves the product's default.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Literal, TypeVar

from msgspec import Struct, field
from msgspec.structs import replace

from hpo_core.errors import HpoError, SpecError
from hpo_core.plan.data_source import KERAS_DATASETS, SOURCES, DataSpec
from hpo_core.plan.grid import Grid, Hyperparameter
from hpo_core.plan.hyperparameters import KNOWN
from hpo_core.plan.metrics import Objective, direction_of
from hpo_core.plan.plans import NO_PRUNER, PLANS, PRUNERS
from hpo_core.plan.setting import SWITCH, Value
from hpo_core.plan.spec import PRECISIONS, SearchSpec, SessionSpec
from hpo_core.plan.workloads import DEFAULT_WORKLOAD, WORKLOADS
from hpo_core.session.speed import epochs_in_all
from hpo_core.text import clean, expanded, format_seconds, plural
from hpo_tui.forms.fields import (
    MAX_REPLICATES,
    allowed,
    field_text,
    read_count,
    read_field,
    read_image_size,
    read_name,
    values_text,
)
from hpo_tui.forms.search_fields import PLAN, PRUNER, TRIALS, read_search, search_note, search_texts
from hpo_tui.forms.speeds import SessionSpeed

FRUIT, FOLDER, NPZ = "fruit", "folder", "npz"
SOURCE_ORDER = (FRUIT, FOLDER, NPZ, *(name for name in SOURCES if name not in (FRUIT, FOLDER, NPZ)))
METRICS = WORKLOADS[DEFAULT_WORKLOAD].metrics
MODEL = "a KerasTuner file or a script; empty: the paper's network"
BEGIN_WITH = ("learning_rate", "filters")
"""What a fresh form varies, over its usual values."""

Kind = Literal["text", "choice"]
Texts = Mapping[str, str]
T = TypeVar("T")


class Field(Struct, frozen=True):
    """One line of the form: ``default`` is shown where it is empty, ``suggested`` can be put in by a key."""

    key: str
    label: str
    meaning: str
    kind: Kind = "text"
    choices: tuple[str, ...] = ()
    default: str = ""
    suggested: str = ""
    section: str = ""


class Reading(Struct, frozen=True):
    """What the texts mean: a spec, or the sentences that stand beside the fields (or, under "", below them)."""

    spec: SessionSpec | None = None
    name: str | None = None
    errors: Mapping[str, str] = field(default_factory=dict)


VARIED = "several values, with commas, or {low = 1, high = 9} vary one"
"""How a hyperparameter's field is filled, in the heading above them."""

SEARCH = (
    Field(PLAN, "plan", "which combinations are trained", "choice", tuple(PLANS)),
    Field(TRIALS, "trials", "how many the plan draws"),
    Field(PRUNER, "pruner", "what is not trained to its end", "choice", tuple(PRUNERS)),
)


def grid_fields() -> tuple[Field, ...]:
    """Return the form's fields, in their order; ``section`` stands with the first of each part."""
    model = Field("model", "your own file", MODEL, section="Training")
    data = (
        Field("source", "data source", "", "choice", SOURCE_ORDER, section="Data"),
        Field("path", "path", "the folder or the .npz file; ~ is your home"),
        Field("image_size", "image size", "pixels: one side, or height x width"),
    )
    section = f"Hyperparameters · {VARIED}; one value fixes it; empty is the default"
    values = tuple(_value_field(name, section if place == 0 else "") for place, name in enumerate(KNOWN))
    session = (
        Field("replicates", "replicates", "trainings of a trial, each with its own seed", section="Session"),
        Field("objective", "objective", "what ranks the trials", "choice", METRICS),
        *SEARCH,
        Field(
            "precision",
            "precision",
            "float16 for GPUs; bfloat16 for AVX512-BF16 CPUs too",
            "choice",
            PRECISIONS,
        ),
        Field("jit", "XLA", "compiles the networks with XLA; pays on GPUs only", "choice", SWITCH),
        Field("name", "session name", "its folder's name"),
    )
    return (model, *data, *values, *session)


def _value_field(name: str, section: str) -> Field:
    known = KNOWN[name]
    suggested = values_text(known.usual)
    return Field(name, name, known.meaning, default=known.default_words, suggested=suggested, section=section)


def fresh_texts(name: str) -> dict[str, str]:
    """Return what a fresh form says: generated fruit, two hyperparameters over their usual values, replicates."""
    texts = dict.fromkeys((entry.key for entry in grid_fields()), "")
    texts |= {key: values_text(KNOWN[key].usual) for key in BEGIN_WITH}
    texts |= {"source": FRUIT, "replicates": "2", "objective": METRICS[0], "name": name}
    return texts | search_texts(SearchSpec()) | {"precision": PRECISIONS[0], "jit": SWITCH[0]}


def texts_of(spec: SessionSpec, name: str) -> tuple[dict[str, str], str]:
    """Return the form filled from a spec, and a sentence about what could not be taken over (or nothing)."""
    texts = dict.fromkeys((entry.key for entry in grid_fields()), "")
    fixed = (Hyperparameter(key, (value,)) for key, value in spec.fixed.items())
    lost = []
    for factor in (*fixed, *spec.grid.hyperparameters):
        key, whole = factor.name, factor.range is not None and factor.name in KNOWN
        good = tuple(value for value in factor.values if allowed(key, value))
        if key in KNOWN and (good or whole):
            texts[key] = field_text(factor) if whole else values_text(good)
        if len(good) < len(factor.values) or (factor.range is not None and not whole):
            lost.append(clean(key, 40))
    data = spec.data
    texts["source"] = data.source if data.source in SOURCES else FOLDER
    texts["path"] = data.path or ""
    texts["image_size"] = _size_text(data.image_size)
    metric = spec.objective.metric
    texts["objective"] = metric if metric in METRICS else METRICS[0]
    texts |= {"replicates": str(spec.replicates), "name": name}
    texts |= search_texts(spec.search) | {"precision": spec.precision, "jit": SWITCH[spec.jit]}
    return texts, f"Not taken over, for hpo-tui cannot train it: {', '.join(lost)}." if lost else ""


def _size_text(size: tuple[int, int] | None) -> str:
    return "" if size is None else str(size[0]) if size[0] == size[1] else f"{size[0]}x{size[1]}"


def needs_path(source: str) -> bool:
    """Whether the data source wants a path."""
    return source in (FOLDER, NPZ)


def source_words(source: str, base: DataSpec) -> str:
    """Return what a data source is, in a few words."""
    if source == FRUIT:
        return (
            f"generated: {base.classes} classes, {base.train_per_class} + {base.validation_per_class} images each"
        )
    if source in KERAS_DATASETS:
        return "Keras fetches it once, over the network"
    if source == NPZ:
        return "arrays x_train, y_train, ... in one file"
    return "Training/ and Test/, a folder for each class"


def default_size(source: str) -> str:
    """Return the image size that an empty field means."""
    return "100" if source in (FRUIT, FOLDER) else "as it is"


def note_of(entry: Field, text: str, base: DataSpec) -> str:
    """Return what stands beside a field that is in order."""
    if entry.key == "source":
        return source_words(text, base)
    if entry in SEARCH:
        return search_note(entry.key, text)
    if entry.key not in KNOWN:
        return entry.meaning
    return f"{varied_word(read_field(entry.key, text), 'default')} · {entry.meaning}"


def varied_word(factor: Hyperparameter, default: str) -> str:
    """Return what a field makes of its hyperparameter; ``default`` is what an empty one means."""
    count = len(factor.values)
    if factor.range is not None:
        return "range"
    return default if count == 0 else "fixed" if count == 1 else plural(count, "value")


def read_grid(texts: Texts, base: SessionSpec | None, sessions: Path) -> Reading:
    """Return what the form asks for. What has no field is taken from ``base``, the spec it was filled from."""
    errors: dict[str, str] = {}

    def read(key: str, reader: Callable[[str], T]) -> T | None:
        try:
            return reader(texts.get(key, ""))
        except HpoError as error:
            errors[key] = str(error)
            return None

    source = texts.get("source", FRUIT)
    given = [factor for name in KNOWN if (factor := read(name, partial(read_field, name))) is not None]
    path = read("path", partial(_read_path, source))
    size = read("image_size", read_image_size)
    replicates = read("replicates", partial(read_count, "replicates", highest=MAX_REPLICATES))
    name = read("name", partial(read_name, sessions=sessions))
    search = read_search(texts, errors)
    if errors or replicates is None:
        return Reading(None, name, errors)
    start = base if base is not None and base.trainable else SessionSpec(DataSpec(source), Grid(()))
    grid, fixed = _grid(given)
    spec = replace(
        start,
        data=replace(start.data, source=source, path=path, image_size=size),
        grid=grid,
        fixed=fixed,
        replicates=replicates,
        objective=_objective(start, texts.get("objective", METRICS[0])),
        search=search,
        precision=texts.get("precision", PRECISIONS[0]),
        jit=texts.get("jit") == SWITCH[True],
    )
    try:
        return Reading(SessionSpec.parse(spec.to_toml(), "The grid"), name, errors)
    except SpecError as error:
        return Reading(None, name, {"": str(error)})


def _grid(given: Sequence[Hyperparameter]) -> tuple[Grid, dict[str, Value]]:
    """Return what is varied and what is fixed; a grid has at least one hyperparameter, be it with one value."""
    varied = tuple(factor for factor in given if factor.size > 1)
    fixed = {factor.name: factor.values[0] for factor in given if factor.size == 1}
    if not varied:
        key, value = next(iter(fixed.items()), ("learning_rate", _default("learning_rate")))
        varied = (Hyperparameter(key, (value,)),)
        fixed.pop(key, None)
    return Grid(varied), fixed


def _objective(start: SessionSpec, metric: str) -> Objective:
    return start.objective if start.objective.metric == metric else Objective(metric, direction_of(metric))


def _default(name: str) -> Value:
    value = KNOWN[name].default
    assert value is not None
    return value


def _read_path(source: str, text: str) -> str | None:
    if not needs_path(source):
        return None
    if not text.strip():
        raise SpecError(f"Give the path of the {'folder of images' if source == FOLDER else '.npz file'}.")
    path = expanded(text.strip(), SpecError)
    if source == FOLDER and not path.is_dir():
        raise SpecError(f"There is no folder {clean(path)}.")
    if source == NPZ and not path.is_file():
        raise SpecError(f"There is no file {clean(path)}.")
    return str(path.absolute())


def count_words(spec: SessionSpec) -> str:
    """Return "5 × 4 = 20 trials, 2 replicates each: 40 trainings", or "60 trials by tpe, ..."."""
    factors = [factor for factor in spec.grid.hyperparameters if factor.size > 1]
    trials = plural(spec.trials_asked, "trial")
    if PLANS[spec.search.plan].module:
        lead = f"{trials} by {spec.search.plan}"
    else:
        product = " × ".join(str(len(factor.values)) for factor in factors)
        lead = f"{product} = {trials}" if len(factors) > 1 else trials
    each = f", {spec.replicates} replicates each" if spec.replicates > 1 else ""
    most = "" if spec.search.pruner == NO_PRUNER else "at most "
    return f"{lead}{each}: {most}{plural(spec.trainings_asked, 'training')}{_epochs_words(spec)}"


def _epochs_words(spec: SessionSpec) -> str:
    """Return " of 3 epochs", or nothing of a training of one's own that names none."""
    lowest, highest = min(spec.epochs_asked), max(spec.epochs_asked)
    least = f"{lowest:g} to " if lowest < highest else ""
    return f" of {least}{plural(int(highest), 'epoch')}" if highest else ""


def time_words(spec: SessionSpec, like: SessionSpeed | None) -> str:
    """Return how long the grid will take, as far as it is known."""
    if like is None:
        return "expected time: unknown until the first training on this data has ended"
    speed = like.speed
    seconds = speed.seconds(epochs_in_all(spec), spec.trainings_asked)
    workers = f" with {plural(speed.workers, 'worker')}" if speed.workers > 1 else ""
    return f"expected time: about {format_seconds(seconds)}{workers}, at the speed of {clean(like.session, 40)}"


def advice(spec: SessionSpec) -> str:
    """Return what a person should know before launching, or nothing."""
    if spec.trials_asked == 1:
        return "Nothing is varied yet: give a hyperparameter several values, with commas between them."
    if spec.replicates == 1:
        return "With one replicate, noise cannot be told from signal; two or more can."
    return ""
