"""The spec: what a person may write, what it becomes, and the sentence for every slip."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import tomli_w
from hypothesis import given, settings
from hypothesis import strategies as st

from hpo_core.errors import SpecError
from hpo_core.plan.data_source import DataSpec
from hpo_core.plan.grid import Hyperparameter
from hpo_core.plan.hyperparameters import KNOWN, LOSSES, OPTIMIZERS
from hpo_core.plan.metrics import Objective, direction_of
from hpo_core.plan.spec import SessionSpec, parse_value
from hpo_core.text import clean

README = """
[data]
source = "folder"
path = "fruits-360"
image_size = [100, 100]

[grid]
learning_rate = [1e-4, 5e-4, 1e-3, 5e-3, 1e-2]
loss = ["poisson", "categorical_crossentropy", "mean_squared_error"]
filters = [12, 24, 36, 48]

[fixed]
epochs = 3
batch_size = 64

[session]
replicates = 2
objective = "val_accuracy"
"""

FRUIT = '[data]\nsource = "fruit"\n[grid]\nlearning_rate = [0.001, 0.01]\n'


def test_the_design_s_spec_is_understood(tmp_path: Path) -> None:
    file = tmp_path / "spec.toml"
    file.write_text(README)
    spec = SessionSpec.load(file)
    assert spec.data.path == str(tmp_path / "fruits-360")
    assert spec.data.image_size == (100, 100)
    assert (len(spec.grid), spec.trainings) == (60, 120)
    assert spec.objective == Objective("val_accuracy", "max")
    assert spec.values_of(1) == {
        name: known.default for name, known in KNOWN.items() if known.default is not None
    } | {"learning_rate": 1e-4, "loss": "poisson", "filters": 12, "epochs": 3, "batch_size": 64}
    assert spec.epochs_of(60) == 3


def test_a_spec_is_written_back_in_full() -> None:
    for text in (
        README,
        FRUIT,
        '[data]\nsource = "npz"\npath = "/x.npz"\nvalidation_split = 0.5\n[grid]\nfilters = [1]\n'
        "[session]\njit = true\n",
        '[data]\nsource = "import"\n[grid]\n"a b" = [1, "x"]\nc = [0.5, 2]\n[session]\nobjective = "f1"\n'
        '[trials]\nlisted = [[1, 0.5], ["x", 2]]\n',
    ):
        spec = SessionSpec.parse(text)
        assert SessionSpec.parse(spec.to_toml()) == spec


def test_values_take_their_hyperparameter_s_type() -> None:
    spec = SessionSpec.parse('[data]\nsource = "fruit"\n[grid]\nlearning_rate = [1]\nfilters = [12.0, 24]\n')
    rate, filters = (factor.values for factor in spec.grid.hyperparameters)
    assert (type(rate[0]), [type(value) for value in filters]) == (float, [int, int])


def test_values_can_be_set_from_the_command_line(tmp_path: Path) -> None:
    file = tmp_path / "spec.toml"
    file.write_text(FRUIT)
    spec = SessionSpec.load(file, {"learning_rate": [0.5], "filters": [12, 24], "epochs": [7]})
    assert spec.grid.hyperparameters == (
        Hyperparameter("learning_rate", (0.5,)),
        Hyperparameter("filters", (12, 24)),
    )
    assert dict(spec.fixed) == {"epochs": 7}
    assert spec.with_values({"epochs": [1, 2]}).grid.names == ("learning_rate", "filters", "epochs")


FAULTS = [
    ("not TOML", "[data", r"spec is not valid TOML: "),
    ("a number without end", f"a = {'9' * 5000}", "spec is not valid TOML: "),
    ("an unknown table", FRUIT + "[grids]\n", r"unknown key 'grids' in the spec; did you mean grid\?"),
    (
        "an unknown key",
        FRUIT + "[session]\nreplicate = 2\n",
        r"unknown key 'replicate' in \[session\]; did you mean",
    ),
    (
        "an unknown hyperparameter",
        FRUIT + "filter = [1]\n",
        r"\[grid\] filter: unknown hyperparameter; did you mean f",
    ),
    ("an empty list", FRUIT + "filters = []\n", r"\[grid\] filters has no values; give at least one"),
    ("no list", FRUIT + "filters = 12\n", r"\[grid\] filters must be a list of values, such as \[12\]\."),
    (
        "a value of the wrong type",
        FRUIT + 'filters = ["x"]\n',
        r"\[grid\] filters: 'x' is not a number; give a whole",
    ),
    ("a broken number", FRUIT + "filters = [1.5]\n", r"\[grid\] filters: 1\.5 is not a whole number"),
    ("a truth value", FRUIT + "filters = [true]\n", r"\[grid\] filters: true is not a number"),
    (
        "out of range",
        FRUIT + "dropout = [1.5]\n",
        r"\[grid\] dropout: 1\.5 is out of range; give a number of at least 0",
    ),
    ("not a number", FRUIT + "dropout = [nan]\n", r"\[grid\] dropout: nan is out of range"),
    ("infinite", FRUIT + "epochs = [inf]\n", r"\[grid\] epochs: inf is not a whole number"),
    (
        "zero learning rate",
        FRUIT.replace("0.001", "0"),
        r"learning_rate: 0 is out of range; give a number above 0",
    ),
    ("an unknown loss", FRUIT + 'loss = ["mse"]\n', r"\[grid\] loss: 'mse' is not one of poisson, categ"),
    ("a duplicate", FRUIT + "filters = [12, 24, 12.0]\n", r"\[grid\] filters names 12 twice; every value once"),
    (
        "both",
        FRUIT + "[fixed]\nlearning_rate = 1\n",
        r"learning_rate stands in both \[grid\] and \[fixed\]; keep one",
    ),
    ("no grid", '[data]\nsource = "fruit"\n', r"\[grid\] is empty; name at least one hyperparameter"),
    ("no data", "[grid]\nfilters = [1]\n", r"the table \[data\] is missing"),
    ("no source", "[data]\n[grid]\nfilters = [1]\n", r"\[data\] source must be one of folder, fruit, npz"),
    ("no path", '[data]\nsource = "folder"\n', r"\[data\] path is missing; source 'folder' needs one"),
    (
        "a wrong size",
        FRUIT.replace("[grid]", "image_size = [0, 5]\n[grid]"),
        r"image_size must be two whole numbers",
    ),
    ("a table that is none", "data = 3\n", r"data must be a table, written \[data\]\."),
    (
        "no replicates",
        FRUIT + "[session]\nreplicates = 0\n",
        r"\[session\] replicates must be a whole number from 1",
    ),
    (
        "a wrong objective",
        FRUIT + '[session]\nobjective = "f1"\n',
        r"\[session\] objective must be one of val_accuracy",
    ),
    (
        "a precision that nobody would be told",
        '[model]\ncommand = "x {a}"\n[grid]\na = [1]\n[session]\nobjective = "loss"\njit = true',
        r"\[session\] jit is for the paper's network; write jit_compile=True in your own file",
    ),
    ("a hostile name", FRUIT + '"\\u001b[31m" = [1]\n', r"\[grid\] ␛\[31m: unknown hyperparameter"),
    ("a nameless import", '[data]\nsource = "import"\n[grid]\n"" = [1]\n', "a hyperparameter needs a name"),
    ("a duplicate import", '[data]\nsource = "import"\n[grid]\na = [1, 1.0]\n', r"\[grid\] a names 1 twice"),
    ("nan in an import", '[data]\nsource = "import"\n[grid]\na = [nan]\n', r"\[grid\] a: nan is not a value"),
]


@pytest.mark.parametrize(("text", "sentence"), [fault[1:] for fault in FAULTS], ids=[fault[0] for fault in FAULTS])
def test_a_slip_is_named_in_one_sentence(text: str, sentence: str) -> None:
    with pytest.raises(SpecError, match=sentence) as caught:
        SessionSpec.parse(text)
    assert_is_one_line(caught.value)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match=r"There is no spec file .*none\.toml"):
        SessionSpec.load(tmp_path / "none.toml")
    with pytest.raises(SpecError, match="is a folder"):
        SessionSpec.load(tmp_path)
    (tmp_path / "latin.toml").write_bytes("# ä".encode("latin-1"))
    with pytest.raises(SpecError, match=r"is not UTF-8 text \(byte 2\)"):
        SessionSpec.load(tmp_path / "latin.toml")


@pytest.mark.parametrize("values", [1000, 10_000])
def test_a_grid_of_a_thousand_million_trials_is_counted_and_refused_at_once(values: int) -> None:
    lists = "".join(f"{name} = {list(range(1, values + 1))}\n" for name in ("filters", "dense_units", "epochs"))
    lists = (
        lists.replace(f", {values}]", f", {values}]") if values <= 4096 else lists.replace("filters", "batch_size")
    )
    with pytest.raises(SpecError, match=rf"= {values**3 * 2:,} trials") as caught:
        SessionSpec.parse(FRUIT + lists)
    assert "1,000,000 is the most" in str(caught.value)


def test_losses_and_errors_are_minimised_and_everything_else_maximised() -> None:
    assert [direction_of(name) for name in ("loss", "val_loss", "val_mse", "mean_absolute_error")] == ["min"] * 4
    assert [direction_of(name) for name in ("accuracy", "val_accuracy", "auc")] == ["max"] * 3


def test_a_random_plan_names_its_number_of_trials_and_begins_with_none(tmp_path: Path) -> None:
    spec = SessionSpec.parse(FRUIT + 'filters = [12, 24]\n[search]\nplan = "random"\ntrials = 3\n')
    assert (len(spec.grid), spec.trials_asked, spec.trainings_asked) == (0, 3, 3)
    assert SessionSpec.parse(spec.to_toml()) == spec
    with pytest.raises(SpecError, match=r"\[search\] trials is missing; the plan 'random' must know how many"):
        SessionSpec.parse(FRUIT + '[search]\nplan = "random"\n')
    with pytest.raises(SpecError, match=r"\[search\] plan must be one of full, random, qmc, tpe, not 'bayes'"):
        SessionSpec.parse(FRUIT + '[search]\nplan = "bayes"\n')


def test_a_value_on_the_command_line_is_a_number_where_it_can_be_one() -> None:
    texts = ("12", "1e-3", "true", "adam", " 5 ", "1e999", "nan", "9" * 400, "9" * 5000)
    assert [parse_value(text) for text in texts] == [
        12, 0.001, True, "adam", 5, "1e999", "nan", "9" * 400, "9" * 5000,
    ]  # fmt: skip


scalars = st.one_of(
    st.integers(-5, 70), st.floats(), st.booleans(), st.text(max_size=6), st.sampled_from([*LOSSES, *OPTIMIZERS])
)
things = st.one_of(
    scalars, st.lists(scalars, max_size=4), st.dictionaries(st.text(max_size=4), scalars, max_size=2)
)
keys = st.one_of(
    st.sampled_from([*KNOWN, *DataSpec.__struct_fields__, "objective", "replicates"]), st.text(max_size=5)
)
tables = st.dictionaries(keys, things, max_size=4)
valid: dict[str, dict[str, Any]] = {
    "data": {"source": "fruit"},
    "grid": {"filters": [12, 24]},
    "fixed": {"epochs": 3},
    "session": {"replicates": 2},
}


@settings(max_examples=300, deadline=None)
@given(
    table=st.sampled_from(["data", "grid", "fixed", "session", "trials"]),
    extra=tables,
    source=st.sampled_from(["fruit", "import", "npz"]),
)
def test_a_spec_with_anything_in_it_is_read_or_refused_in_a_sentence(
    table: str, extra: dict[str, Any], source: str
) -> None:
    whole = {**valid, "data": {"source": source, "path": "/x"}}
    whole[table] = {**whole.get(table, {}), **extra}
    try:
        text = tomli_w.dumps(whole)
    except ValueError:
        return  # not even TOML: a lone surrogate
    read_or_refused(text)
    read_or_refused(text[: len(text) // 2])


@settings(max_examples=200, deadline=None)
@given(text=st.one_of(st.text(max_size=60), st.text(alphabet='[]="\n., 1ea-dtagrisoucf', max_size=60)))
def test_any_text_is_read_or_refused_in_a_sentence(text: str) -> None:
    read_or_refused(text)
    read_or_refused(text[len(text) // 2 :])


def read_or_refused(text: str) -> None:
    try:
        spec = SessionSpec.parse(text)
    except SpecError as error:
        refusal = error
    else:
        written = spec.to_toml()
        assert SessionSpec.parse(written).to_toml() == written
        return
    assert_is_one_line(refusal)


def assert_is_one_line(error: SpecError) -> None:
    assert clean(error) == str(error)
