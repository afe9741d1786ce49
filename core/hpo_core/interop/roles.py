"""Which column of a table is what: hyperparameter, metric, replicate, epoch or a note of the training.

Decided from the names and the cells alone, each with a reason that is shown. What a person says comes first; then
a prefix that names the role (``params_``, ``config/``, ``mean_test_``); then the name; then the cells. What cannot
be decided is asked for.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import pairwise

from msgspec import Struct, field
from msgspec.structs import replace

from hpo_core.interop import column_words as words
from hpo_core.interop.cell_values import has_no_result, is_number, number, whole_number
from hpo_core.interop.csv_reader import RawTable
from hpo_core.plan.metrics import Direction, best_known, has_metric, is_metric, known_direction
from hpo_core.text import clean, did_you_mean, joined, plural

_FEW = 5
"""In a table of fewer rows, that each has a number of its own says nothing."""

_DATE = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d.*)?|\d{1,2}[./]\d{1,2}[./](\d{4}|\d\d(?!\d)).*")
_HASH = re.compile(r"(?=.*\d)(?=.*[a-f])[0-9a-f]{7,64}|[0-9a-f]{8}-[0-9a-f]{4}-.*")
_WORD = re.compile(r"[A-Za-z][A-Za-z0-9_ -]{2,}")
_SPLIT = re.compile(r"split(\d+)_((?:test|train)_.+)")


_OF_SKLEARN = {"": "the table's own count of its rows", "params": "its values stand in the param_ columns"}


class Asked(Struct, frozen=True):
    """What a person says of the columns; None and empty where they say nothing."""

    metrics: Sequence[str] | None = None
    params: Sequence[str] | None = None
    ignore: Sequence[str] = ()
    replicate: str | None = None
    direction: Direction | None = None


class Roles(Struct):
    """The places of the columns by role, and why the others are left out.

    ``hyperparameters`` and ``metrics`` give each place its name in the session. ``splits`` gives a metric the
    places of its replicates, where they stand beside one another. ``groups`` are the rows of each training.
    ``directions`` holds what is known of each metric; ``length`` is the place of how many epochs a training had.
    ``table`` has the rows of what has ended.
    """

    table: RawTable
    hyperparameters: dict[int, str] = field(default_factory=dict)
    metrics: dict[int, str] = field(default_factory=dict)
    splits: dict[str, list[int]] = field(default_factory=dict)
    replicate: int | None = None
    epoch: int | None = None
    state: int | None = None
    seconds: int | None = None
    length: int | None = None
    objective: str = ""
    groups: list[list[int]] = field(default_factory=list)
    directions: dict[str, Direction | None] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def decide(table: RawTable, asked: Asked) -> Roles:
    """Return what each column of a table is. Raises ``TableError`` where it must be asked for."""
    return _Decision(table, asked).roles


class _Decision:
    """One table's decision, in the order of the methods."""

    def __init__(self, table: RawTable, asked: Asked) -> None:
        self.table, self.asked, self.roles = table, asked, Roles(table)
        self.names = table.header.cells
        self.rows = [row.cells for row in table.rows]
        self.free = dict(enumerate(self.names))
        self.given = any(words.without_prefix(name, words.PARAMETER_PREFIXES) for name in self.names)
        self.sklearn = self.given and any(re.match(r"(mean|split\d+)_test_", name) for name in self.names)
        self._states()
        if not self.sklearn:
            self._side_by_side()
        self._named_by_the_person()
        self._named_by_prefix()
        self._metrics()
        self._trainings()
        self._replicates()
        self._the_rest()
        self._same_columns()
        self._check()

    # One column ---------------------------------------------------------------------------------------------

    def cells(self, place: int) -> list[str]:
        """The column's cell of each training: its first."""
        if not self.roles.groups:
            return [row[place] for row in self.rows]
        return [self.rows[group[0]][place] for group in self.roles.groups]

    def leave(self, place: int, why: str) -> None:
        self.free.pop(place, None)
        self.roles.left_out[self.names[place] or f"column {place + 1}"] = why

    def place_of(self, name: str) -> int:
        for place, column in enumerate(self.names):
            if name in (column, words.without_prefix(column, words.PARAMETER_PREFIXES)):
                return place
        known = ", ".join(clean(column, 40) for column in self.names[:12])
        hint = did_you_mean(name, self.names, f"there are {known}.")
        raise self.table.error(self.table.header.line, f"there is no column {clean(name, 40)!r}; {hint}")

    def short(self, place: int) -> str:
        return words.without_prefix(self.names[place], words.PARAMETER_PREFIXES) or self.names[place]

    def add_metric(self, place: int, name: str, better: Direction | None) -> None:
        self.free.pop(place, None)
        if name in self.roles.metrics.values():
            name = self.names[place]
        self.roles.metrics[place] = name
        self.roles.directions[name] = better

    # The steps ----------------------------------------------------------------------------------------------

    def _side_by_side(self) -> None:
        """Replicates that stand in one row: acc_run1, acc_run2; a mean beside them is what they tell."""
        asked, told = self.asked, {*(self.asked.params or ()), *(self.asked.metrics or ()), *self.asked.ignore}
        found: dict[str, list[int]] = {}
        for place, name in self.free.items():
            metric = words.without_replicate(name)
            if metric and is_metric(metric) and name not in told and self._holds_results(place):
                found.setdefault(metric, []).append(place)
        for metric, places in found.items():
            if len(places) < 2:
                continue
            if metric not in (asked.metrics or (metric,)):
                for place in places:
                    self.leave(place, "not among --metrics")
                continue
            self.roles.splits[metric] = places
            self.roles.directions[metric] = known_direction(metric)
            self.roles.notes.append(f"{metric}: replicates are {joined([self.names[place] for place in places])}")
            for place in places:
                self.free.pop(place)
            for place, name in list(self.free.items()):
                if name not in told and words.without_mean(name) == metric:
                    self.leave(place, "the mean of its replicates, which stand beside it")

    def _named_by_the_person(self) -> None:
        asked, roles = self.asked, self.roles
        for name in asked.ignore:
            self.leave(self.place_of(name), "--ignore")
        for name in dict.fromkeys(asked.params or ()):
            place = self.place_of(name)
            self.free.pop(place, None)
            roles.hyperparameters[place] = self.short(place)
        for name in dict.fromkeys(name.strip() for name in asked.metrics or ()):
            if name in roles.splits:
                continue
            place = self.place_of(name)
            if place in roles.hyperparameters:
                sentence = f"{clean(name, 40)} is in --params and in --metrics; name it in one."
                raise self.table.error(self.table.header.line, sentence, place)
            self.add_metric(place, name, known_direction(name))
        if asked.metrics is not None and not roles.metrics and not roles.splits:
            raise self.table.error(self.table.header.line, "no metric is named; give at least one with --metrics.")
        if asked.replicate:
            roles.replicate = self.place_of(asked.replicate)
            self.free.pop(roles.replicate, None)
            roles.hyperparameters.pop(roles.replicate, None)

    def _named_by_prefix(self) -> None:
        """Hyperparameters and metrics that say so, and what scikit-learn's ``cv_results_`` has beside them."""
        for place, name in list(self.free.items()):
            if self.asked.params is None and words.without_prefix(name, words.PARAMETER_PREFIXES):
                continue  # see ``_replicates`` and ``_the_rest``
            metric = words.without_prefix(name, words.METRIC_PREFIXES) or words.without_prefix(
                name, ("user_attrs_",)
            )
            if name.startswith("user_attrs_") and not is_metric(metric):
                continue
            if self.sklearn and (split := _SPLIT.fullmatch(name)):
                metric = split[2]
                if self.asked.metrics is None or metric in self.asked.metrics:
                    self.roles.splits.setdefault(metric, []).append(place)
                    self.roles.directions[metric] = "max"
                self.free.pop(place)
            elif self.sklearn and name.startswith(("mean_test_", "mean_train_")):
                if self.asked.metrics is None:
                    self.add_metric(place, name.removeprefix("mean_"), "max")  # scikit-learn maximises every score
            elif self.sklearn:
                self.leave(
                    place, _OF_SKLEARN.get(name) or words.note_by_name(name) or "no param_ of scikit-learn's"
                )
            elif self.given and name == "value" and self.asked.metrics is None:
                self.add_metric(place, "value", None)
                self.roles.objective = "value"  # Optuna judges by it
            elif metric and self._tells_length(metric):
                self.leave(place, "says when or how far, not how well")
            elif metric and self.given and self.asked.metrics is None and self._holds_results(place):
                metric = name if metric.isdigit() else metric
                self.add_metric(place, metric, known_direction(metric))
        for metric in self.roles.splits:  # the mean is what the splits tell
            for place in [place for place, name in self.roles.metrics.items() if name == metric]:
                del self.roles.metrics[place]
                self.roles.left_out[self.names[place]] = "the mean of its splits, which are the replicates"

    def _tells_length(self, metric: str) -> bool:
        return metric.startswith("_") or words.spelled(metric) in words.LENGTH | {"runtime", "timestamp"}

    def _states(self) -> None:
        """Rows of what has not ended yet are none."""
        for place, name in list(self.free.items()):
            texts = [cell.upper() for cell in self.cells(place)]
            if words.spelled(name) not in words.STATE or not set(texts) <= _STATES.keys() | _UNFINISHED:
                continue
            self.roles.state = place
            self.leave(place, "tells what became of each training")
            if left := sorted(set(texts) & _UNFINISHED):
                kept = [row for row, text in zip(self.table.rows, texts, strict=True) if text not in _UNFINISHED]
                if not kept:
                    raise self.table.error(self.table.header.line, "no row of it has ended yet.", place)
                many = plural(len(texts) - len(kept), "row")
                self.roles.notes.append(f"{many} left out, which had not ended: {joined(left).lower()}")
                self.table = self.roles.table = replace(self.table, rows=kept)
                self.rows = [row.cells for row in kept]

    def _metrics(self) -> None:
        for place, name in list(self.free.items()):
            words_of = words.spelled(name)
            if not name.strip():
                self.leave(place, "the table's own count of its rows")
            elif is_metric(name) and not self._is_parameter(place) and not self._holds_words(place):
                if self.asked.metrics is None:
                    self.add_metric(place, name, known_direction(name))
                else:
                    self.leave(place, "not among --metrics")
            elif words_of in words.SECONDS and self.roles.seconds is None and self._holds_numbers(place):
                self.roles.seconds = place
                self.leave(place, "the time each training took")

        if not self.roles.metrics and not self.roles.splits and self.asked.metrics is None:
            for place, name in list(self.free.items()):
                if words.spelled(name) in words.RESULT and self._holds_results(place):
                    self.add_metric(place, name, known_direction(name))

    def _is_parameter(self, place: int) -> bool:
        rest = words.without_prefix(self.names[place], words.PARAMETER_PREFIXES)
        return bool(rest) and not rest.startswith("_")  # config._wandb

    def _holds_results(self, place: int) -> bool:
        cells = self.cells(place)
        return any(map(is_number, cells)) and all(is_number(cell) or has_no_result(cell) for cell in cells)

    def _holds_words(self, place: int) -> bool:
        """Whether a column with a metric's name names something instead: losses that were tried, fp16."""
        cells = [cell for cell in self.cells(place) if not has_no_result(cell)]
        if words.spelled(self.names[place]) == "precision" and set(cells) <= {"4", "8", "16", "32", "64"}:
            return True
        return bool(cells) and not any(map(is_number, cells)) and any(map(_WORD.match, cells))

    def _measured(self, place: int) -> bool:
        """Whether a column holds a result, as a word of its name says, or that a spread stands beside it."""
        name, cells = self.names[place], self.cells(place)
        if words.is_setting(name) or words.note_by_name(name) or not self._holds_results(place):
            return False
        here = words.spelled(name).split("_")
        for at, word in enumerate(here):
            if word in words.MEANS and any(
                "_".join([*here[:at], spread, *here[at + 1 :]]) == words.spelled(other)
                for spread in words.SPREADS
                for other in self.names
            ):
                return True
        return has_metric(name) and (self.roles.epoch is not None or len(set(cells)) == len(cells) >= _FEW)

    def _holds_numbers(self, place: int) -> bool:
        return all(not cell or number(cell) is not None for cell in self.cells(place))

    def _trainings(self) -> None:
        """Put the rows of one training together, where a column counts epochs that repeat over trainings."""
        roles = self.roles
        roles.groups = []
        for word in words.EPOCH:
            place = next((p for p, name in self.free.items() if words.spelled(name) == word), None)
            counts = [whole_number(row[place] or "0") for row in self.rows] if place is not None else []
            if place is None or any(count is None for count in counts) or len(set(counts)) < 2:
                continue
            groups = self._groups(place, [count for count in counts if count is not None])
            cells = [row[place] for row in self.rows if row[place]]
            counting = sum(any(self.rows[at][place] for at in group) for group in groups)
            if len(groups) < len(self.rows) and (len(set(cells)) < len(cells) or counting == 1):
                roles.epoch = place
                roles.groups = groups
                self.leave(place, "counts the epochs of each training, which become its curve")
                break
        if not roles.groups:
            roles.groups = [[at] for at in range(len(self.rows))]
            return
        for place in [*self.free, *roles.hyperparameters]:
            if all(len({self.rows[at][place] for at in group}) == 1 for group in roles.groups):
                continue
            name = clean(self.names[place], 40)
            if words.is_setting(self.names[place]) and not words.note_by_name(self.names[place]):
                roles.notes.append(f"{name}: changes within a training, whose first value is taken")
            elif self.asked.metrics is None and place in self.free and self._measured(place):
                self.add_metric(place, self.names[place], known_direction(self.names[place]))
            else:
                roles.hyperparameters.pop(place, None)
                self.leave(place, words.note_by_name(self.names[place]) or "changes within a training")

    def _groups(self, epoch: int, counts: list[int]) -> list[list[int]]:
        def by(places: Sequence[int]) -> list[list[int]]:
            groups: dict[tuple[str, ...], list[int]] = {}
            for at, row in enumerate(self.rows):
                groups.setdefault(tuple(row[place] for place in places), []).append(at)
            return list(groups.values())

        def rising(group: Sequence[int]) -> bool:
            return all(counts[one] < counts[other] for one, other in pairwise(group))

        for place, name in self.free.items():
            if words.spelled(name) in words.TRAINING | words.REPLICATE:
                groups = by([place])
                if len(groups) < len(self.rows) and all(map(rising, groups)):
                    return groups
        keys = [
            place
            for place, name in {**self.free, **self.roles.hyperparameters}.items()
            if place != epoch and not words.note_by_name(str(name))
        ]
        keys += [self.roles.replicate] if self.roles.replicate is not None else []
        split: list[list[int]] = []
        for group in by(keys):  # where the count begins again, another training of the same values does
            split.append([])
            for at in group:
                if split[-1] and counts[at] <= counts[split[-1][-1]]:
                    split.append([])
                split[-1].append(at)
        return sorted(split)

    def _replicates(self) -> None:
        """A seed, fold or run tells replicates apart where the values of the rest repeat without it."""
        candidates = {
            place: words.base(self.short(place))
            for place in sorted(self.free, key=lambda at: words.spelled(self.short(at)) not in words.REPLICATE)
            if words.base(self.short(place)) in words.REPLICATE | words.TRAINING
        }
        rest = [
            place
            for place in (*self.free, *self.roles.hyperparameters)
            if place not in candidates and not words.note_by_name(self.short(place))
            and words.spelled(self.names[place]) not in words.LENGTH and not self._note_by_cells(place)
            and (not self.given or self._is_parameter(place))
        ]  # fmt: skip
        rows = list(zip(*(self.cells(place) for place in rest), strict=True)) if rest else []
        repeats = len(set(rows)) < len(rows)
        for place, word in candidates.items():
            cells = self.cells(place)
            several = len(set(cells)) > 1
            if word in words.REPLICATE or word == "run":
                if several and repeats and self.roles.replicate is None and len(set(cells)) < len(cells):
                    self.roles.replicate = place
                    self.leave(place, "tells the replicates of a trial apart")
                elif several or len(cells) == 1:
                    self.leave(place, "tells trainings apart; no values repeat over it" if not repeats else
                               "tells trainings apart")  # fmt: skip
                else:
                    self.leave(place, "the same for every training")
            elif word == "name" and len(set(rows)) < 2:
                continue  # nothing else can be what was varied
            elif not self._is_parameter(place) and (len(set(cells)) == len(cells) or not several):
                self.leave(place, "names each training")

    def _the_rest(self) -> None:
        """Every other column: a hyperparameter, unless its name or its cells say otherwise."""
        roles = self.roles
        unsure: dict[int, str] = {}
        lengths: list[int] = []
        for place, name in list(self.free.items()):
            self.free.pop(place)
            if self._is_parameter(place):
                if self.asked.params is None:
                    roles.hyperparameters[place] = self.short(place)
                else:
                    self.leave(place, "not among --params")
            elif self.asked.params is not None:
                self.leave(place, words.note_by_name(name) or "not among --params")
            elif self.given:
                self.leave(place, words.note_by_name(name) or "no hyperparameter, as its name lacks their prefix")
            elif why := words.note_by_name(name):
                self.leave(place, why)
            elif words.spelled(name) in words.LENGTH:
                lengths.append(place)
            elif self._measured(place):
                if self.asked.metrics is None:
                    self.add_metric(place, name, known_direction(name))
                else:
                    self.leave(place, "not among --metrics")
            elif why := self._note_by_cells(place):
                if why.startswith("each"):
                    unsure[place] = why
                else:
                    self.leave(place, why)
            else:
                roles.hyperparameters[place] = name
        for place in lengths:
            if self._is_crossed(place):
                roles.hyperparameters[place] = self.names[place]
                continue
            self.leave(place, "how far each training went")
            if words.spelled(self.names[place]) in words.EPOCHS_DONE:
                roles.length = place
        varied = any(len(set(self.cells(place))) > 1 for place in roles.hyperparameters)
        if unsure and not varied and roles.epoch is None:
            if len(unsure) == 1 and not roles.hyperparameters:
                place = next(iter(unsure))
                roles.hyperparameters[place] = self.names[place]  # nothing else can be what was varied
            else:
                each = [clean(self.names[place], 40) for place in unsure]
                raise self.table.error(
                    self.table.header.line,
                    f"nothing tells whether {joined(each)} were set or measured, each row having its own; "
                    f"name the hyperparameters, such as --params {','.join(each)}.",
                )
        else:
            for place, why in unsure.items():
                self.leave(place, why)

    def _is_crossed(self, place: int) -> bool:
        """Whether every combination of the other values has each of the column's: then it was set."""
        found: dict[tuple[str, ...], set[str]] = {}
        for *others, own in zip(*map(self.cells, [*self.roles.hyperparameters, place]), strict=True):
            found.setdefault(tuple(others), set()).add(own)
        different = set(self.cells(place))
        return len(different) > 1 and all(each == different for each in found.values())

    def _note_by_cells(self, place: int) -> str:
        cells = self.cells(place)
        filled = [cell for cell in cells if cell]
        if not filled:
            return "empty"
        if all(_DATE.fullmatch(cell) for cell in filled):
            return "a date"
        if all(cell.count("/") > 1 or cell.startswith(("/", "./", "~/")) for cell in filled):
            return "a path"
        if len(set(cells)) > 1 and all(_HASH.fullmatch(cell) for cell in filled):
            return "a hash"
        if len(cells) < _FEW or len(set(cells)) < len(cells) or words.is_setting(self.names[place]):
            return ""
        if all(map(is_number, cells)):
            return "each training has a number of its own: a result or a note, unless --params names it"
        return "each training has a text of its own: a note, unless --params names it"

    def _same_columns(self) -> None:
        first: dict[tuple[bool, tuple[str, ...]], int] = {}
        for place in sorted({**self.roles.hyperparameters, **self.roles.metrics}):
            cells = tuple(row[place] for row in self.rows)
            if len(set(cells)) < 2 or len(cells) < 3:
                continue
            other = first.setdefault((place in self.roles.metrics, cells), place)
            if other != place and (self.asked.params is None or place not in self.roles.hyperparameters):
                self.roles.hyperparameters.pop(place, None)
                self.roles.directions.pop(self.roles.metrics.pop(place, ""), None)
                self.leave(place, f"the same as {clean(self.names[other], 40)}")

    def _check(self) -> None:
        roles, line = self.roles, self.table.header.line
        if not roles.metrics and not roles.splits:
            left = [n for n, why in roles.left_out.items() if why.startswith("each training has a number")]
            numbers = [name for place, name in enumerate(self.names) if name and self._holds_results(place)]
            such = clean([*(left or numbers or ["score"])][-1], 40)
            raise self.table.error(
                line,
                "no column is a metric by its name (loss, accuracy, val_…); name the metrics with --metrics, "
                f"such as --metrics {such}.",
            )
        if not roles.hyperparameters:
            others = ", ".join(clean(name, 40) for name in list(roles.left_out)[:8])
            if not others:
                raise self.table.error(line, "every column is a metric; a grid needs a hyperparameter.")
            sentence = f"no column is a hyperparameter; name them with --params (there are {others})."
            raise self.table.error(line, sentence)
        names = [*roles.splits, *roles.metrics.values()]
        if self.asked.metrics is not None:
            roles.objective = next(
                (name.strip() for name in self.asked.metrics if name.strip() in names), names[0]
            )
        elif roles.objective not in names:
            roles.objective = best_known(names)
        if self.asked.direction is not None:
            roles.directions[roles.objective] = self.asked.direction
        if roles.directions[roles.objective] is None:
            raise self.table.error(
                line,
                f"nothing tells whether more or less of {clean(roles.objective, 40)} is better; "
                "give --direction max or --direction min.",
            )
        for name, better in roles.directions.items():
            if better is None:
                roles.notes.append(
                    f"{clean(name, 40)}: which way it improves is not known; taken as more is better"
                )


_STATES: Mapping[str, str] = {
    **dict.fromkeys(("COMPLETE", "COMPLETED", "FINISHED", "TERMINATED", "DONE", "OK", "SUCCESS", "SUCCEEDED"), ""),
    **dict.fromkeys(("FAIL", "FAILED", "ERROR", "CRASHED", "INVALID"), "failed"),
    **dict.fromkeys(("STOPPED", "KILLED", "PREEMPTED", "ABANDONED"), "stopped"),
    "DIVERGED": "diverged",
    **dict.fromkeys(("PRUNED", "EARLY_STOPPED"), "pruned"),
}
"""What became of a training, in the words of Optuna, MLflow, Ray, W&B and KerasTuner; "" where it ended well."""


_UNFINISHED = frozenset(
    ("RUNNING", "WAITING", "PENDING", "SCHEDULED", "PAUSED", "IDLE", "CANDIDATE", "PREEMPTING")
)
"""A training that may still go on: no row."""


def status_of(state: str) -> str:
    """Return the status that a cell of a state column tells; "" where the training ended well."""
    return _STATES[state.upper()]
