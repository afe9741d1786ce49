"""A person brings a table: what each column is taken for, with the right values, or a sentence that asks."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from hpo_core.errors import TableError
from hpo_core.interop.import_table import Understood, make_session, understand
from hpo_core.interop.roles import Asked
from hpo_core.plan.hyperparameters import Value
from hpo_core.session.opening import read_session

CASES = Path(__file__).parents[4] / "shared" / "cases"


def read(tmp_path: Path, text: str, **asked: object) -> Understood:
    file = tmp_path / "table.csv"
    file.write_bytes(text.encode())
    return understand(file, Asked(**asked) if asked else None)  # type: ignore[arg-type]


def shape(table: Understood) -> tuple[dict[str, tuple[Value, ...]], dict[str, str], int, int]:
    return dict(table.values), dict(table.directions), table.trials, table.spec.replicates


RIGHT = {
    "A1_rmse": (
        "alpha,layers,RMSE\n0.1,1,726.3\n0.1,2,680.1\n0.2,1,717.4\n0.2,2,683.2\n",
        ({"alpha": (0.1, 0.2), "layers": (1, 2)}, {"RMSE": "min"}, 4, 1),
    ),
    "C1_seed": (
        "lr,seed,val_accuracy\n0.1,1,0.71\n0.1,2,0.72\n0.1,3,0.73\n0.01,1,0.91\n0.01,2,0.92\n0.01,3,0.93\n",
        ({"lr": (0.01, 0.1)}, {"val_accuracy": "max"}, 2, 3),
    ),
    "D1_nan": (
        "lr,val_loss,val_accuracy\n0.001,0.43,0.9\n0.01,0.5,0.88\n1.0,nan,0.1\n",
        ({"lr": (0.001, 0.01, 1.0)}, {"val_accuracy": "max", "val_loss": "min"}, 3, 1),
    ),
    "D2_none": (
        "max_depth,val_accuracy\n5,0.8\n10,0.85\nNone,0.9\n",
        ({"max_depth": ("5", "10", "None")}, {"val_accuracy": "max"}, 3, 1),
    ),
    "D5_noend": (
        "lr,units,val_accuracy\n0.001,16,0.91\n0.001,32,0.92\n0.01,16,0.81\n0.01,32,0.85",
        ({"lr": (0.001, 0.01), "units": (16, 32)}, {"val_accuracy": "max"}, 4, 1),
    ),
    "D6_pandas_index": (
        ",lr,units,val_accuracy\n0,0.1,16,0.7\n1,0.01,16,0.9\n2,0.1,32,0.72\n3,0.01,32,0.91\n",
        ({"lr": (0.01, 0.1), "units": (16, 32)}, {"val_accuracy": "max"}, 4, 1),
    ),
    "D7_euro": (
        "lr;units;val_accuracy\n0,001;16;0,91\n0,01;16;0,92\n",
        ({"lr": (0.001, 0.01), "units": (16,)}, {"val_accuracy": "max"}, 2, 1),
    ),
    "D8_trailing": (
        "lr,units,val_accuracy,\n0.001,16,0.91,\n0.001,32,0.92,\n0.01,16,0.81,\n0.01,32,0.85,\n",
        ({"lr": (0.001, 0.01), "units": (16, 32)}, {"val_accuracy": "max"}, 4, 1),
    ),
    "E2_epochs_long": (
        "run,lr,epoch,loss,val_accuracy\n1,0.1,0,1,0.4\n1,0.1,1,0.5,0.5\n1,0.1,2,0.333,0.6\n"
        "2,0.01,0,1,0.49\n2,0.01,1,0.5,0.59\n2,0.01,2,0.333,0.69\n",
        ({"lr": (0.01, 0.1)}, {"val_accuracy": "max", "loss": "min"}, 2, 1),
    ),
    "replicates side by side, their mean and spread beside them": (
        "dropout,acc_run1,acc_run2,acc_mean,acc_std\n0.1,0.5,0.7,0.6,0.1\n0.2,0.8,0.9,0.85,0.05\n",
        ({"dropout": (0.1, 0.2)}, {"acc": "max"}, 2, 2),
    ),
    "folds side by side, of two metrics": (
        "C;Fold 1 RMSE;Fold 2 RMSE;Fold 1 R2;Fold 2 R2\n1;0.5;0.7;0.6;0.7\n2;0.8;0.9;0.85;0.8\n",
        ({"C": (1, 2)}, {"rmse": "min", "r2": "max"}, 2, 2),
    ),
    "empty lines between, and rows that sum up": (
        "lr,act,acc\n0.1,max,0.5\n\n0.2,mean,0.6\n\nMean,,0.55\ntotal,,1.1\n",
        ({"lr": (0.1, 0.2), "act": ("max", "mean")}, {"acc": "max"}, 2, 1),
    ),
    "a last row with a word that sums up and all cells is a row": (
        "act,lr,acc\nmin,0.1,0.5\nmax,0.2,0.6\n",
        ({"act": ("min", "max"), "lr": (0.1, 0.2)}, {"acc": "max"}, 2, 1),
    ),
    "single blanks": (
        "lr acc\n0.1 0.5\n0.2 0.6\n",
        ({"lr": (0.1, 0.2)}, {"acc": "max"}, 2, 1),
    ),
    "settings in one cell": (
        'setting,accuracy\n"lr=0.1, bs = 16",0.5\n"lr=0.01, bs = 32",0.6\n',
        ({"lr": (0.01, 0.1), "bs": (16, 32)}, {"accuracy": "max"}, 2, 1),
    ),
    "settings as the keys of JSON": (
        '{"lr=0.1_bs=16": {"accuracy": 0.5}, "lr=0.01_bs=32": {"accuracy": 0.6}}',
        ({"lr": (0.01, 0.1), "bs": (16, 32)}, {"accuracy": "max"}, 2, 1),
    ),
    "an equals sign alone makes no setting": (
        "rule,accuracy\nx==1,0.5\nx >= 2,0.6\n",
        ({"rule": ("x==1", "x >= 2")}, {"accuracy": "max"}, 2, 1),
    ),
    "results within results": (
        '[{"hyperparameters": {"lr": 0.1}, "results": {"test": {"acc": 0.5, "loss": 1}}},'
        ' {"hyperparameters": {"lr": 0.2}, "results": {"test": {"acc": 0.6, "loss": 2}}}]',
        ({"lr": (0.1, 0.2)}, {"test/acc": "max", "test/loss": "min"}, 2, 1),
    ),
    "TensorBoard's tags": (
        "lr,epoch_accuracy,epoch_loss\n0.1,0.5,1\n0.2,0.6,2\n",
        ({"lr": (0.1, 0.2)}, {"epoch_accuracy": "max", "epoch_loss": "min"}, 2, 1),
    ),
    "at k": (
        "top_k,top_p,Top-1,top5,pass@1,NDCG@10,lpips\n1,0.5,0.1,0.2,0.3,0.4,0.5\n5,0.9,0.6,0.7,0.8,0.9,0.4\n",
        (
            {"top_k": (1, 5), "top_p": (0.5, 0.9)},
            {"Top-1": "max", "top5": "max", "pass@1": "max", "NDCG@10": "max", "lpips": "min"},
            2,
            1,
        ),
    ),
    "cv_results_": (
        "mean_fit_time,param_C,param_kernel,params,split0_test_score,split1_test_score,mean_test_score,"
        "std_test_score,rank_test_score\n0.1,1,rbf,\"{'C': 1}\",-0.5,-0.7,-0.6,0.1,1\n"
        "0.1,10,rbf,\"{'C': 10}\",-0.8,-0.9,-0.85,0.05,2\n",
        ({"C": (1, 10), "kernel": ("rbf",)}, {"test_score": "max"}, 2, 2),
    ),
    "cv_results_ without splits": (
        "param_alpha,mean_test_neg_mean_squared_error\n0.1,-3\n0.2,-4\n",
        ({"alpha": (0.1, 0.2)}, {"test_neg_mean_squared_error": "max"}, 2, 1),
    ),
    "Ray Tune": (
        "trial_id,val_loss,time_total_s,pid,hostname,date,done,training_iteration,config/lr,config/act\n"
        "a1,0.5,12.5,77,box,2024-01-01_10-00-00,True,3,0.1,relu\n"
        "a2,0.4,12.9,77,box,2024-01-01_10-00-00,True,3,0.01,relu\n",
        ({"lr": (0.01, 0.1), "act": ("relu",)}, {"val_loss": "min"}, 2, 1),
    ),
    "MLflow": (
        "run_id,status,params.lr,params.model,metrics.rmse,tags.user\nab1,FINISHED,0.1,a,2.5,me\n"
        "ab2,FINISHED,0.2,b,2.1,me\n",
        ({"lr": (0.1, 0.2), "model": ("a", "b")}, {"rmse": "min"}, 2, 1),
    ),
    "folds and a loss that is a hyperparameter": (
        "loss,fold,test/acc\nmse,0,0.5\nmse,1,0.6\npoisson,0,0.7\npoisson,1,0.8\n",
        ({"loss": ("mse", "poisson")}, {"test/acc": "max"}, 2, 2),
    ),
    "val_split is no metric": (
        "lr,val_split,val_f1\n0.1,0.2,0.5\n0.1,0.3,0.6\n0.2,0.2,0.5\n0.2,0.3,0.7\n",
        ({"lr": (0.1, 0.2), "val_split": (0.2, 0.3)}, {"val_f1": "max"}, 4, 1),
    ),
    "comments and tabs": (
        "# my runs\nlr\tMAE\n0.1\t3\n# again\n0.2\t4\n",
        ({"lr": (0.1, 0.2)}, {"MAE": "min"}, 2, 1),
    ),
    "a header behind a #": ("# lr,MAE\n0.1,3\n0.2,4\n", ({"lr": (0.1, 0.2)}, {"MAE": "min"}, 2, 1)),
    "a conditional hyperparameter": (
        "optimizer,momentum,loss\nsgd,0.9,1\nsgd,0.5,2\nadam,,3\n",
        ({"optimizer": ("sgd", "adam"), "momentum": ("0.5", "0.9", "not set")}, {"loss": "min"}, 3, 1),
    ),
    "thousands": (
        'units,rmse\n"1,024","1,500.5"\n512,900\n',
        ({"units": (512, 1024)}, {"rmse": "min"}, 2, 1),
    ),
    "zeros before a number make names": (
        "code,lr,loss\n007,1e-3,1\n7,0.001,2\n",
        ({"code": ("007", "7"), "lr": (0.001,)}, {"loss": "min"}, 2, 1),
    ),
    "the same column twice": (
        "lr,learning_rate,loss\n0.1,0.1,1\n0.2,0.2,2\n0.3,0.3,3\n",
        ({"lr": (0.1, 0.2, 0.3)}, {"loss": "min"}, 3, 1),
    ),
    "scikit-learn's params alone": (
        "params,mean_test_score\n\"{'C': 1, 'kernel': 'rbf'}\",0.8\n\"{'C': 10, 'kernel': 'rbf'}\",0.9\n",
        ({"C": (1, 10), "kernel": ("rbf",)}, {"test_score": "max"}, 2, 1),
    ),
    "W&B's config and summary": (
        ",summary,config,name\n0,\"{'val_loss': 0.5, '_runtime': 3}\",\"{'lr': 0.1, '_wandb': {}}\",a\n"
        "1,\"{'val_loss': 0.4, '_runtime': 3}\",\"{'lr': 0.2, '_wandb': {}}\",b\n",
        ({"lr": (0.1, 0.2)}, {"val_loss": "min"}, 2, 1),
    ),
    "W&B: a run that goes on is no row, and how far one came no setting": (
        "Name,State,Runtime,lr,epoch,train_loss,val_loss\nfine-1,finished,7,0.1,9,0.3,0.5\n"
        "wild-2,crashed,7,0.2,3,0.3,0.6\nlong-3,running,7,0.3,1,1.0,2.0\n",
        ({"lr": (0.1, 0.2)}, {"val_loss": "min", "train_loss": "min"}, 2, 1),
    ),
    "MLflow's page": (
        "Start Time,Duration,Run ID,Name,Source Type,Source Name,User,Status,alpha,mae\n"
        "2024-01-01 10:00:00,2.1s,0a1b,bold-1,LOCAL,train.py,me,FINISHED,0.1,3\n"
        "2024-01-01 11:00:00,2.3s,0a1c,calm-2,LOCAL,train.py,me,FINISHED,0.2,4\n",
        ({"alpha": (0.1, 0.2)}, {"mae": "min"}, 2, 1),
    ),
    "Talos: what a function is called, not where it lay": (
        "round_epochs,val_loss,val_acc,lr,epochs,activation\n"
        "100,0.1,0.9,1,100,<function relu at 0x7f3f5c13e510>\n"
        "57,0.2,0.8,2,100,<function relu at 0x7f11aa13e510>\n",
        ({"lr": (1, 2), "epochs": (100,), "activation": ("relu",)}, {"val_acc": "max", "val_loss": "min"}, 2, 1),
    ),
    "Ax": (
        "trial_index,arm_name,trial_status,generation_method,accuracy,lr\n"
        "0,0_0,COMPLETED,Sobol,0.9,0.1\n1,1_0,COMPLETED,BoTorch,0.8,0.2\n",
        ({"lr": (0.1, 0.2)}, {"accuracy": "max"}, 2, 1),
    ),
    "decimal commas, and points between thousands": (
        "lr;units;mae\n0,1;1.024;2.048,5\n0,2;512;2.048\n",
        ({"lr": (0.1, 0.2), "units": (512, 1024)}, {"mae": "min"}, 2, 1),
    ),
    "decimal points and commas in one table": (
        "lr;units;mae\n0.1;1.024;2,5\n0.2;2.5;2,4\n",
        ({"lr": (0.1, 0.2), "units": (1.024, 2.5)}, {"mae": "min"}, 2, 1),
    ),
    "decimal commas in quotes": (
        'lr,mae\n"0,1","0,5"\n"0,25","0,4"\n',
        ({"lr": (0.1, 0.25)}, {"mae": "min"}, 2, 1),
    ),
    "percents are shares": (
        "dropout,accuracy\n10%,91.5%\n20 %,88%\n",
        ({"dropout": (0.1, 0.2)}, {"accuracy": "max"}, 2, 1),
    ),
    "a mean beside its spread is a result": (
        "method,f1w_mean,f1w_std,acc_mean,acc_std\na,0.8,0.1,0.9,0.1\nb,0.7,0.1,0.8,0.1\n",
        ({"method": ("a", "b")}, {"acc_mean": "max", "f1w_mean": "max"}, 2, 1),
    ),
    "what was measured on held-out data comes first": (
        "lr,Train Acc,Test Acc,Val Acc,Best Epoch\n0.1,0.9,0.8,0.7,3\n0.2,0.8,0.7,0.6,4\n",
        ({"lr": (0.1, 0.2)}, {"Val Acc": "max", "Train Acc": "max", "Test Acc": "max"}, 2, 1),
    ),
    "detection": (
        "imgsz,mAP50,mAP50-95,params(M),latency_ms\n320,0.5,0.3,3.2,8\n640,0.6,0.4,3.2,9\n",
        ({"imgsz": (320, 640)}, {"mAP50": "max", "mAP50-95": "max"}, 2, 1),
    ),
    "precision in bits, time steps and the rank of an adapter are settings": (
        "precision,time_steps,rank,val_loss\n16,10,8,0.5\n32,10,4,0.4\n",
        ({"precision": (16, 32), "rank": (4, 8), "time_steps": (10,)}, {"val_loss": "min"}, 2, 1),
    ),
    "a row for each metric": (
        "lr,seed,metric,value\n1,0,acc,0.5\n1,0,loss,2\n1,1,acc,0.6\n1,1,loss,3\n"
        "2,0,acc,0.7\n2,0,loss,1\n2,1,acc,0.8\n2,1,loss,1\n",
        ({"lr": (1, 2)}, {"acc": "max", "loss": "min"}, 2, 2),
    ),
    "a search that counts its trials": (
        '{"iteration": 0, "params": {"lr": 1}, "score": 1}\n{"iteration": 1, "params": {"lr": 2}, "score": 2}\n',
        ({"lr": (1, 2)}, {"score": "max"}, 2, 1),
    ),
    "Markdown": (
        "| lr | acc |\n|---|:--:|\n| 0.1 | 0.7 |\n| 0.2 | 0.8 |\n",
        ({"lr": (0.1, 0.2)}, {"acc": "max"}, 2, 1),
    ),
    "as pandas prints it": (
        "lr      acc\n0.1     0.7\n0.2     0.8\n",
        ({"lr": (0.1, 0.2)}, {"acc": "max"}, 2, 1),
    ),
    "Ray's rewards become curves, and a rate that decays is the one it began with": (
        "trial_id,lr,training_iteration,episode_reward_mean,episode_len_mean\n"
        "a,0.1,1,10,5\na,0.05,2,20,6\nb,0.2,1,11,5\nb,0.1,2,21,7\n",
        ({"lr": (0.1, 0.2)}, {"episode_reward_mean": "max"}, 2, 1),
    ),
}  # fmt: skip


@pytest.mark.fault(65)
@pytest.mark.parametrize(("text", "right"), list(RIGHT.values()), ids=list(RIGHT))
def test_a_table_is_read_as_it_is_meant(tmp_path: Path, text: str, right: object) -> None:
    assert shape(read(tmp_path, text)) == right


@pytest.mark.skipif(not CASES.is_dir(), reason="the cases stand beside the checkout, in shared/cases")
@pytest.mark.parametrize("name", [name for name in RIGHT if name[1].isdigit()])
def test_the_cases_are_read_as_these_copies_of_them(name: str) -> None:
    assert shape(understand(CASES / f"{name}.csv")) == RIGHT[name][1]


def test_what_a_training_took_is_kept_and_no_hyperparameter(tmp_path: Path) -> None:
    rows = "".join(f"{lr},{size},{40 + n}.5,host{n},0.{n}1\n" for n, (lr, size) in enumerate(GRID))
    table = read(tmp_path, f"lr,size,duration_s,hostname,val_loss\n{rows}")
    assert dict(table.values) == {"lr": (0.1, 0.2, 0.3), "size": (1, 2)}
    assert set(table.table.left_out) == {"duration_s", "hostname"}
    assert [training.seconds for training in table.table.trainings] == [40.5, 41.5, 42.5, 43.5, 44.5, 45.5]
    assert "hostname host3" in table.table.trainings[3].origin


GRID = [(lr, size) for lr in (0.1, 0.2, 0.3) for size in (1, 2)]


def test_numbers_of_their_own_in_each_row_are_left_out_beside_a_grid_and_taken_where_they_are_named(
    tmp_path: Path,
) -> None:
    rows = "".join(f"{lr},{size},0.{n}7,0.{n}1\n" for n, (lr, size) in enumerate(GRID))
    text = f"lr,size,foo,val_loss\n{rows}"
    assert "a number of its own" in read(tmp_path, text).table.left_out["foo"]
    assert list(read(tmp_path, text, params=["lr", "foo"]).values) == ["lr", "foo"]
    assert read(tmp_path, text, metrics=["foo"], direction="min").directions == {"foo": "min"}


def test_where_only_such_numbers_are_there_it_is_asked_which_were_set(tmp_path: Path) -> None:
    rows = "".join(f"{n}.5,{n * n}.25,0.{n}\n" for n in range(1, 8))
    with pytest.raises(TableError, match=r"whether x and y were set or measured.*--params x,y"):
        read(tmp_path, f"x,y,loss\n{rows}")


ASKED = [
    (
        "number,value,params_lr\n0,4,0.1\n1,3,0.2\n",
        "nothing tells whether more or less of value is better; give --d",
    ),
    ("lr,foo\n0.1,3\n0.2,4\n", "no column is a metric by its name"),
    ("run,loss\n1,3\n2,4\n", "no column is a hyperparameter; name them with --params (there are run)"),
]


@pytest.mark.parametrize(("text", "sentence"), ASKED)
def test_what_cannot_be_decided_is_asked_for(tmp_path: Path, text: str, sentence: str) -> None:
    with pytest.raises(TableError) as caught:
        read(tmp_path, text)
    assert sentence in str(caught.value)


def test_optunas_trials_tell_what_became_of_them(tmp_path: Path) -> None:
    text = (
        "number,value,params_lr,params_units,state\n"
        "0,4.2,0.004,197,COMPLETE\n1,0.9,0.001,45,COMPLETE\n2,,0.9,80,FAIL\n"
    )
    table = read(tmp_path, text, direction="min")
    assert shape(table) == ({"lr": (0.001, 0.004, 0.9), "units": (45, 80, 197)}, {"value": "min"}, 3, 1)
    assert [training.status for training in table.table.trainings] == ["complete", "complete", "failed"]


def test_optunas_rows_that_had_not_ended_are_left_out_and_said(tmp_path: Path) -> None:
    text = (
        "number,value,params_lr,user_attrs_val_acc,state\n0,4,0.1,0.5,COMPLETE\n1,,0.2,,RUNNING\n2,,0.3,,WAITING\n"
    )
    table = read(tmp_path, text, direction="min")
    assert shape(table) == ({"lr": (0.1,)}, {"value": "min", "val_acc": "max"}, 1, 1)
    assert "2 rows left out, which had not ended: running and waiting" in table.table.notes


def test_what_became_of_a_training_may_stand_in_its_metric(tmp_path: Path) -> None:
    table = read(tmp_path, "lr,val_acc\n1,0.5\n2,OOM\n3,N/A\n4,diverged\n5,-\n6,0.91\n")
    assert [(training.status, training.reason) for training in table.table.trainings] == [
        ("complete", ""), ("failed", "OOM in the table"), ("failed", "no result in the table"),
        ("diverged", "val_acc is not finite"), ("failed", "no result in the table"), ("complete", ""),
    ]  # fmt: skip


def test_how_a_number_was_read_is_said(tmp_path: Path) -> None:
    table = read(tmp_path, "lr;units;acc;f1\n0,1;1.024;91,5%;0,5 ± 0,1\n0,2;512;88%;0,25 (0,1)\n")
    assert table.table.notes == (
        "lr: decimal commas",
        "units: points between thousands",
        "acc: decimal commas",
        "acc: a share of 1, 91,5% being 0.915",
        "f1: the mean is taken; the spread beside it is left out",
        "f1: decimal commas",
    )
    first = table.table.trainings[0].epochs[0]
    assert (first["acc"], first["f1"]) == (0.915, 0.5)
    mixed = read(tmp_path, RIGHT["decimal points and commas in one table"][0].replace("2.5", "2.512"))
    assert "units: 1.024 is taken with a decimal point, as 0.1 has one" in mixed.table.notes


@pytest.mark.fault(35)
def test_nan_and_inf_are_diverged_trainings_and_an_empty_cell_a_failed_one(tmp_path: Path) -> None:
    table = read(tmp_path, "lr,loss\n1,0.5\n2,nan\n3,-inf\n4,\n5,None\n")
    assert [training.status for training in table.table.trainings] == [
        "complete", "diverged", "diverged", "failed", "failed",
    ]  # fmt: skip


def test_a_long_table_becomes_curves_and_a_count_that_begins_again_another_replicate(tmp_path: Path) -> None:
    text = "lr,epoch,loss\n" + "".join(f"{lr},{e},{lr}{e}\n" for lr in (1, 2) for _ in (1, 2) for e in (1, 2, 3))
    table = read(tmp_path, text)
    assert shape(table) == ({"lr": (1, 2)}, {"loss": "min"}, 2, 2)
    session = read_session(make_session(table, tmp_path / "sessions", "it").folder)
    assert [[epoch.metrics["loss"] for epoch in entry.epochs] for entry in session.replicates.values()] == [
        [11, 12, 13], [11, 12, 13], [21, 22, 23], [21, 22, 23],
    ]  # fmt: skip


def test_what_is_understood_is_said_with_its_reasons(tmp_path: Path) -> None:
    said = list(read(tmp_path, RIGHT["C1_seed"][0]).lines())
    assert said == [
        "  lr: 0.01, 0.1",
        "  objective val_accuracy: more is better",
        "  left out seed: tells the replicates of a trial apart",
    ]
    noted: Mapping[str, object] = read(tmp_path, RIGHT["D5_noend"][0]).as_json()
    assert noted["notes"] == ["line 5, the last, has no line end: taken as it stands"]
    named = read(tmp_path, RIGHT["zeros before a number make names"][0])
    assert named.table.notes == ("code: texts, for a number is not written 007",)
