"""A person brings their own training: a Keras model, a function, a program; what they see when it is wrong."""

from __future__ import annotations

import os
import shutil
import signal
import stat
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hpo_core.engine.launch import start_engine
from hpo_core.errors import SessionError
from hpo_core.session.opening import read_session
from hpo_core.session.paths import SessionFolder

FUNCTION = '''
import sys
import numpy as np

def train(hp, report):
    """A least-squares fit by gradient descent, in numpy alone."""
    assert "tensorflow" not in sys.modules
    random = np.random.default_rng(hp.seed)
    x = random.normal(size=(200, 3))
    y = x @ [1.0, -2.0, 0.5] + 0.1 * random.normal(size=200)
    w = np.zeros(3)
    for _ in range(hp["epochs"]):
        w -= hp["lr"] * x[:150].T @ (x[:150] @ w - y[:150]) / 150
        report(mae=abs(x[:150] @ w - y[:150]).mean(), val_mae=abs(x[150:] @ w - y[150:]).mean())
'''

OBJECTIVE = """
def objective(trial):
    x = trial.suggest_float("x", -10, 10)
    sign = trial.suggest_categorical("sign", [1, -1])
    return sign * (x - 2) ** 2
"""

KERAS = """
import keras, numpy as np
from keras import layers

def build_model(hp):
    wide, narrow = keras.Input((6,)), keras.Input((2,))
    x = layers.Dense(hp.Int("units", 2, 32), activation="relu")(wide)
    if hp.Boolean("deep"):
        x = layers.Dense(hp.Choice("more", [4, 8]))(x)
    model = keras.Model([wide, narrow], layers.Dense(1)(layers.Concatenate()([x, narrow])))
    model.compile(keras.optimizers.Adam(hp.Float("lr", 1e-4, 1e-1, sampling="log")), "mse", metrics=["mae"])
    return model

def data():
    random = np.random.default_rng(0)
    wide, narrow = (random.normal(size=(240, n)).astype("float32") for n in (6, 2))
    y = (2 * wide[:, :1] - narrow[:, 1:]).astype("float32")
    return ([wide[:200], narrow[:200]], y[:200]), ([wide[200:], narrow[200:]], y[200:])
"""

SCRIPT = """
import argparse
parser = argparse.ArgumentParser()
parser.add_argument("-r", "--learning_rate", type=float)
parser.add_argument("-e", "--epochs", type=int)
parser.add_argument("-f", "--filters", type=int)
given = parser.parse_args()
for epoch in range(given.epochs):
    print(f"epoch {epoch + 1}", flush=True)
accuracy = 0.5 + given.filters / 100 - abs(given.learning_rate - 0.001)
print("final_output_line:", f"loss={1 - accuracy:.4f}", f"accuracy={accuracy:.4f}")
"""

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a file of the user's and the spec that names it; return the spec."""

    def written(code: str, grid: str, objective: str, name: str = "model.py", model: str = "") -> Path:
        (tmp_path / name).write_text(code)
        spec = tmp_path / "mine.toml"
        table = model or f'file = "{name}"'
        spec.write_text(f"[model]\n{table}\n{grid}\n[session]\nobjective = {objective}\nreplicates = 2\n")
        return spec

    return written


def best(found: dict[str, Any]) -> dict[str, Any]:
    metric, sign = found["objective"], 1 if found["direction"] == "max" else -1
    values: dict[str, Any] = max(found["trials"], key=lambda trial: sign * trial["mean"][metric])["values"]
    return values


def test_a_function_that_reports_is_trained_without_tensorflow_and_its_error_is_minimised(
    hpo_tui: Any, ask: Any, write: Write
) -> None:
    spec = write(FUNCTION, "[grid]\nlr = [0.001, 0.1, 0.5]\n[fixed]\nepochs = 6", '"val_mae"')
    done = hpo_tui("run", spec, "--headless", "--workers", "1")
    assert (done.returncode, done.stderr) == (0, "")
    assert "image" not in done.stdout
    assert "class" not in done.stdout
    found = ask("show", "mine")
    assert (found["objective"], found["direction"], found["counts"]["complete"]) == ("val_mae", "min", 6)
    assert best(found) == {"lr": 0.5}
    assert {one["epochs"] for trial in found["trials"] for one in trial["replicates"]} == {6}
    log = next(Path(spec.parent, "sessions", "mine", "logs").glob("trial-00001-r01*"))
    assert "lr=0.001" in log.read_text()


def test_an_objective_as_optuna_has_it_returns_its_score(hpo_tui: Any, ask: Any, write: Write) -> None:
    spec = write(OBJECTIVE, "[grid]\nx = [-1.0, 2.0, 3.0]\nsign = [1, -1]", '"value"\ndirection = "max"')
    assert hpo_tui("run", spec, "--headless", "--workers", "1").returncode == 0
    found = ask("show", "mine")
    scores = {(trial["values"]["x"], trial["values"]["sign"]): trial["mean"]["value"] for trial in found["trials"]}
    assert scores == {(x, sign): sign * (x - 2) ** 2 for x in (-1.0, 2.0, 3.0) for sign in (1, -1)}


@pytest.mark.long
@pytest.mark.tf
def test_a_keras_regression_with_two_inputs_is_fitted_as_it_stands(hpo_tui: Any, ask: Any, write: Write) -> None:
    spec = write(
        KERAS, "[grid]\nlr = [1e-4, 3e-2]\ndeep = [true, false]\n[fixed]\nepochs = 3\nunits = 8", '"val_mae"'
    )
    done = hpo_tui("run", spec, "--headless", "--workers", "1")
    assert (done.returncode, done.stderr) == (0, "")
    assert "200 training and 40 validation examples" in done.stdout
    found = ask("show", "mine")
    assert (found["counts"]["complete"], found["direction"]) == (8, "min")
    assert best(found)["lr"] == 3e-2
    assert set(found["trials"][0]["mean"]) == {"loss", "mae", "val_loss", "val_mae"}


@pytest.mark.long
@pytest.mark.tf
def test_two_datasets_are_trained_on_whatever_number_of_batches_they_have(
    hpo_tui: Any, ask: Any, write: Write
) -> None:
    code = KERAS.replace("def data():", "def arrays():") + (
        "\ndef data():\n    import tensorflow as tf\n    (x, y), (xv, yv) = arrays()\n"
        "    return tuple(tf.data.Dataset.from_tensor_slices((tuple(a), b)).batch(20) for a, b in"
        " ((x, y), ([part[:40] for part in xv], yv[:40])))\n"
    )
    spec = write(code, "[grid]\nlr = [3e-2]\n[fixed]\nepochs = 2\nunits = 4", '"val_mae"')
    done = hpo_tui("run", spec, "--headless", "--workers", "1")
    assert (done.returncode, done.stderr) == (0, "")
    assert ask("show", "mine")["counts"]["complete"] == 2


def test_a_workload_and_a_spec_that_do_not_go_together_are_refused(hpo_tui: Any, write: Write, spec: Path) -> None:
    mine = write(OBJECTIVE, "[grid]\nx = [1.0]", '"value"\ndirection = "max"')
    for path, workload in ((spec, "own"), (mine, "paper")):
        done = hpo_tui("run", path, "--headless", "--workload", workload)
        assert done.returncode == 2
        assert "the workload 'own' and a table [model] go together" in done.stderr


@pytest.mark.tf
def test_a_hyperparameter_that_is_read_and_changes_nothing_is_found_before_the_first_training_ends(
    hpo_tui: Any, ask: Any, write: Write
) -> None:
    code = KERAS.replace('"mse", metrics', 'hp.Choice("loss", ["mse", "mae"]) and "mse", metrics')
    spec = write(
        code,
        '[grid]\nlr = [1e-3, 3e-2]\nloss = ["mse", "mae"]\n[fixed]\nepochs = 15\nbatch_size = 20',
        '"val_mae"',
    )
    assert hpo_tui("run", spec, "--headless", "--workers", "1").returncode == 0
    said = hpo_tui("effects", "mine").stdout
    assert "loss changes nothing in" in " ".join(said.split())
    assert ask("effects", "mine")["probes"]["lr"].startswith("reaches")


def test_a_script_with_flags_runs_unchanged_and_is_read_by_a_pattern(hpo_tui: Any, ask: Any, write: Write) -> None:
    model = (
        f"command = '{sys.executable} run.py -r {{learning_rate}} -e {{epochs}} -f {{filters}}'\n"
        "pattern = 'final_output_line: loss=(?P<loss>[0-9.]+) accuracy=(?P<accuracy>[0-9.]+)'"
    )
    grid = "[grid]\nlearning_rate = [1e-3, 0.1]\nfilters = [12, 24]\n[fixed]\nepochs = 2"
    spec = write(SCRIPT, grid, '"accuracy"', "run.py", model)
    done = hpo_tui("run", spec, "--headless", "--workers", "1")
    assert (done.returncode, done.stderr) == (0, "")
    found = ask("show", "mine")
    assert best(found) == {"learning_rate": 0.001, "filters": 24}
    assert found["trials"][1]["mean"] == {"loss": pytest.approx(0.26), "accuracy": pytest.approx(0.74)}


LOGGING = """
import csv, sys
with open("training.log", "w") as file:
    rows = csv.writer(file)
    rows.writerow(["epoch", "val_loss"])
    for epoch in range(3):
        rows.writerow([epoch, float(sys.argv[1]) / (epoch + 1)])
"""


def test_a_program_that_always_logs_into_the_same_file_runs_in_a_folder_of_each_training_s_own(
    hpo_tui: Any, ask: Any, write: Write
) -> None:
    model = f"command = '{sys.executable} run.py {{lr}}'\nfolder = '{{out}}'"
    spec = write(LOGGING, "[grid]\nlr = [3.0, 6.0]", '"val_loss"', "run.py", model)
    done = hpo_tui("run", spec, "--headless", "--workers", "2")
    assert (done.returncode, done.stderr) == (0, "")
    found = ask("show", "mine")
    assert [trial["mean"]["val_loss"] for trial in found["trials"]] == [1.0, 2.0]
    assert {one["epochs"] for trial in found["trials"] for one in trial["replicates"]} == {3}
    kept = sorted(path.parent.name for path in spec.parent.glob("sessions/mine/out/*/training.log"))
    assert len(kept) == 4
    assert not (spec.parent / "training.log").exists()


def test_an_error_in_the_code_names_the_line_and_costs_an_attempt_alone(
    hpo_tui: Any, ask: Any, write: Write
) -> None:
    code = "def objective(trial):\n    n = trial.suggest_int('n', 0, 1)\n    return 1 / n\n"
    spec = write(code, "[grid]\nn = [0, 1]", '"value"\ndirection = "max"')
    done = hpo_tui("run", spec, "--headless", "--workers", "1")
    assert done.returncode == 1
    assert "model.py line 3: ZeroDivisionError: division by zero" in done.stdout
    assert ask("show", "mine")["counts"]["complete"] == 2


def test_a_hyperparameter_that_the_code_never_reads_is_named_with_the_nearest(hpo_tui: Any, write: Write) -> None:
    spec = write(OBJECTIVE, "[grid]\nx = [1.0, 2.0]\n[fixed]\nsigm = 1", '"value"\ndirection = "max"')
    done = hpo_tui("run", spec, "--headless", "--workers", "1")
    assert done.returncode == 1
    assert "model.py never reads the hyperparameter 'sigm'; did you mean sign?" in done.stdout


@pytest.mark.parametrize(
    ("table", "session", "said"),
    [
        ('file = "none.py"', 'objective = "val_mae"', "There is no file"),
        ('file = "model.py"', "", "objective is missing"),
        ('file = "model.py"', 'objective = "niceness"', "direction is missing"),
        ('file = "model.py"\ncommand = "x"', 'objective = "loss"', "either file"),
        ('file = "broken.py"', 'objective = "loss"', "broken.py line 1 is not Python"),
        ('file = "empty.py"', 'objective = "loss"', "has nothing to train"),
        ('command = "no-such-program {lr}"', 'objective = "loss"', "There is no program no-such-program"),
        ('command = "sh run"', 'objective = "loss"', "command never asks for 'lr'"),
        ('command = "sh run {lr} {epochs}"', 'objective = "loss"', "command asks for {epochs}"),
        ('command = "  "', 'objective = "loss"', "command is empty"),
        ('file = "model.py"\nfolder = "{out}"', 'objective = "loss"', "folder {out} is for a command"),
        ("command = 'sh \"run {lr}'", 'objective = "loss"', "cannot be split into words"),
        ('command = "sh run"\npattern = "(loss"', 'objective = "loss"', "pattern is no regular expression"),
        ('command = "sh run"\npattern = "loss"', 'objective = "loss"', "names no metric"),
    ],
)
def test_what_cannot_be_trained_is_said_in_a_sentence_before_anything_is_made(
    hpo_tui: Any, tmp_path: Path, table: str, session: str, said: str
) -> None:
    for name, code in (("model.py", FUNCTION), ("broken.py", "def train(:\n"), ("empty.py", "x = 1\n")):
        (tmp_path / name).write_text(code)
    spec = tmp_path / "mine.toml"
    spec.write_text(f"[model]\n{table}\n[grid]\nlr = [0.1]\n[session]\n{session}\n")
    done = hpo_tui("run", spec, "--headless", "--workers", "1")
    assert done.returncode == 2
    assert said in done.stderr
    assert done.stderr.count("\n") <= 2
    assert not (tmp_path / "sessions").exists()


def test_a_session_trains_its_own_copy_and_says_where_the_original_has_changed(
    hpo_tui: Any, ask: Any, write: Write, tmp_path: Path
) -> None:
    spec = write(OBJECTIVE, "[grid]\nx = [1.0, 3.0]", '"value"\ndirection = "max"')
    assert hpo_tui("run", spec, "--headless", "--workers", "1").returncode == 0
    assert (tmp_path / "sessions" / "mine" / "code" / "model.py").read_text() == OBJECTIVE
    (tmp_path / "model.py").write_text(OBJECTIVE.replace("(x - 2)", "(x - 3)"))
    resumed = hpo_tui("resume", "mine")
    assert resumed.returncode == 0
    assert "model.py has changed since this session began" in resumed.stderr
    assert hpo_tui("refine", "mine", "--name", "finer", "--headless", "--set", "x=1.0,3.0,5.0").returncode == 0
    scores = {trial["values"]["x"]: trial["mean"]["value"] for trial in ask("show", "finer")["trials"]}
    assert scores == {1.0: 1.0, 3.0: 1.0, 5.0: 9.0}, "what is re-used and what is new are of one program"


def test_code_from_elsewhere_is_looked_at_and_never_run_before_somebody_says_so(
    hpo_tui: Any, write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran = tmp_path / "ran"
    spec = write(f"open({str(ran)!r}, 'w')\n" + OBJECTIVE, "[grid]\nx = [1.0]", '"value"\ndirection = "max"')
    assert hpo_tui("run", spec, "--headless", "--workers", "1").returncode == 0
    ran.unlink()
    session = tmp_path / "sessions" / "theirs"
    shutil.copytree(tmp_path / "sessions" / "mine", session)
    for journal in session.glob("journal*"):
        journal.unlink()
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "another-person"))
    for verb in (
        ("show", "theirs"),
        ("list",),
        ("effects", "theirs"),
        ("export", "theirs"),
        ("plot", "theirs", "ranking"),
    ):
        assert hpo_tui(*verb).returncode in (0, 1, 2)
    refused = hpo_tui("resume", "theirs")
    assert refused.returncode == 2
    assert "has never been run here" in refused.stderr
    assert "--trust" in refused.stderr
    with pytest.raises(SessionError, match="has never been run here"):
        start_engine(SessionFolder(session))
    assert not ran.exists()
    assert hpo_tui("resume", "theirs", "--trust").returncode == 0
    done = hpo_tui("stop", "theirs", "--after-running")
    assert done.returncode in (0, 2)


def test_a_loss_that_is_no_number_is_a_diverged_training(hpo_tui: Any, ask: Any, write: Write) -> None:
    code = "def train(hp, report):\n    report(val_loss=hp['x'])\n    report(val_loss=hp['x'] * float('inf'))\n"
    spec = write(code, "[grid]\nx = [1.0]", '"val_loss"')
    done = hpo_tui("run", spec, "--headless", "--workers", "1")
    assert ask("show", "mine")["counts"]["diverged"] == 2
    assert "val_loss is infinite at epoch 2" in done.stdout


def test_a_worker_that_is_killed_takes_the_program_with_it(write: Write, tmp_path: Path) -> None:
    import subprocess

    script = "#!/bin/sh\necho $PPID $$ > pid.$$\nexec sleep 300\n"
    spec = write(script, "[grid]\nn = [1]", '"loss"', "run.sh", 'command = "./run.sh {n}"')
    (tmp_path / "run.sh").chmod(stat.S_IRWXU)
    command = [
        sys.executable,
        "-m",
        "hpo_tui",
        "run",
        str(spec),
        "--headless",
        "--workers",
        "1",
        "--replicates",
        "1",
    ]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.DEVNULL) as training:
        try:
            until(lambda: any(path.read_text().endswith("\n") for path in tmp_path.glob("pid.*")))
            worker, program = map(int, next(tmp_path.glob("pid.*")).read_text().split())
            os.kill(worker, signal.SIGKILL)
            until(lambda: not alive(program))
        finally:
            training.send_signal(signal.SIGINT)
            training.wait(60)


def test_a_program_that_is_told_to_stop_ends_with_all_that_it_started(
    hpo_tui: Any, write: Write, tmp_path: Path
) -> None:
    import subprocess

    script = "#!/bin/sh\necho $$ > pid\nsleep 300 &\necho $! >> pid\necho '{\"loss\": 1}'\nwait\n"
    spec = write(script, "[grid]\nn = [1]", '"loss"', "run.sh", 'command = "./run.sh {n}"')
    (tmp_path / "run.sh").chmod(stat.S_IRWXU)
    command = [sys.executable, "-m", "hpo_tui", "run", str(spec), "--headless", "--workers", "1"]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True) as training:
        folder = SessionFolder(tmp_path / "sessions" / "mine")
        try:
            until(
                lambda: folder.spec.exists() and any(one.epochs for one in read_session(folder).replicates_of(1))
            )
            training.send_signal(signal.SIGINT)
            training.communicate(timeout=60)
        finally:
            training.kill()
    pids = [int(line) for line in (tmp_path / "pid").read_text().split()]
    assert len(pids) == 2
    until(lambda: not any(alive(pid) for pid in pids))


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return "Z" not in Path(f"/proc/{pid}/stat").read_text().split(")")[1][:3]


def until(condition: Callable[[], object], limit: float = 60.0) -> None:
    import time

    end = time.monotonic() + limit
    while not condition():
        assert time.monotonic() < end, "what was waited for did not come"
        time.sleep(0.02)
