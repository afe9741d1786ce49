"""What the parsers are given: inputs that are right, the same with a few things changed, and anything at all."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from hypothesis import strategies as st

from hpo_core.interop.csv_format import csv_line
from hpo_core.journal.events import AttemptEnded, Envelope, EpochEnded, JobsQueued, Noted
from hpo_core.journal.records import encode_record
from hpo_core.plan.hyperparameters import KNOWN, Value
from hpo_core.results.tidy import epochs_table, replicates_table
from hpo_core.session.snapshot import Snapshot

HOSTILE = [
    "[/]", "[@click=app.exit]x[/]", "\x1b[2J", "\x1b]0;owned\x07", "\u202e", "\u200b", "a" * 300, "=cmd()", "\0",
]  # fmt: skip
WORDS = st.one_of(st.text(max_size=40), st.sampled_from(HOSTILE))
ODD = st.sampled_from(
    [
        *HOSTILE,
        "1e999",
        "NA",
        "inf",
        "nan",
        "-",
        '"',
        "'",
        ",",
        "\n",
        "=",
        "[",
        "]",
        "(",
        ")",
        "--1",
        "0",
        "#",
        "\r",
    ]
)
PIECES = st.one_of(ODD, st.text(max_size=3))

Text = TypeVar("Text", str, bytes)
Cut = tuple[int, int, Any]


def changed(whole: st.SearchStrategy[Text], pieces: st.SearchStrategy[Text]) -> st.SearchStrategy[Text]:
    """Inputs of which half are as they were, and half have up to three stretches replaced, taken out or put in."""
    cuts = st.lists(st.tuples(st.integers(0, 5000), st.integers(0, 6), pieces), min_size=1, max_size=3)
    return st.one_of(whole, st.builds(_with, whole, cuts))


def _with(text: Text, cuts: Sequence[Cut]) -> Text:
    for at, length, piece in cuts:
        place = at % (len(text) + 1)
        text = text[:place] + piece + text[place + length :]
    return text


# Specs -------------------------------------------------------------------------------------------------------


def specs() -> st.SearchStrategy[str]:
    """Specs of up to three hyperparameters, on images of every source."""
    sources = st.sampled_from(
        [
            'source = "fruit"', 'source = "fruit"\nclasses = 4\ntrain_per_class = 5', 'source = "mnist"',
            'source = "folder"\npath = "/data"\non_corrupt = "skip"', 'source = "npz"\npath = "a.npz"',
            'source = "fruit"\nimage_size = [20, 30]',
        ]
    )  # fmt: skip
    session = st.fixed_dictionaries(
        {},
        optional={
            "replicates": st.integers(1, 50),
            "objective": st.sampled_from(["val_accuracy", "loss"]),
            "seed": st.integers(0, 2**31),
            "precision": st.sampled_from(["float32", "mixed_bfloat16"]),
            "jit": st.booleans(),
        },
    )
    names = [name for name in KNOWN if name != "filters"]
    varied = st.sampled_from(names).flatmap(
        lambda name: st.tuples(
            st.just(name), st.lists(st.sampled_from(KNOWN[name].usual), min_size=1, max_size=4, unique=True)
        )
    )
    return st.builds(_spec, sources, st.lists(varied, unique_by=lambda pair: pair[0], max_size=4), session)


def _spec(source: str, hyperparameters: Sequence[tuple[str, list[Value]]], session: dict[str, Any]) -> str:
    """Write a spec; the first hyperparameter is fixed, the others are varied."""
    fixed = [f"{name} = {json.dumps(values[0])}" for name, values in hyperparameters[:1]]
    grid = ["filters = [12, 24]", *(f"{name} = {json.dumps(values)}" for name, values in hyperparameters[1:])]
    other = [f"{name} = {json.dumps(value)}" for name, value in session.items()]
    return "\n".join(["[data]", source, "[grid]", *grid, "[fixed]", *fixed, "[session]", *other])


# Tables ------------------------------------------------------------------------------------------------------


def tables(snapshot: Callable[[], Snapshot]) -> st.SearchStrategy[bytes]:
    """Tables from elsewhere, and those that ``export`` writes, in several encodings."""
    number = st.one_of(st.floats(0, 1), st.floats(allow_nan=False, allow_infinity=False), st.integers(-5, 5))
    cell = st.one_of(number.map(repr), st.sampled_from(["", "0.5", "1e-3"]))
    value = st.sampled_from(["0.001", "0.01", "12", "24", "adam", "sgd", "'=x", '"a,b"', '"x ""y"""'])
    row = st.tuples(value, value, cell, cell).map(",".join)
    head = st.sampled_from(["learning_rate,filters,loss,accuracy", "opt,k,val_loss,val_accuracy"])
    plain = st.builds(lambda head, rows: "\n".join([head, *rows, ""]), head, st.lists(row, min_size=1, max_size=6))
    own = st.deferred(lambda: st.sampled_from(exported(snapshot())))
    encoding = st.sampled_from(["utf-8", "utf-8", "utf-8", "utf-8-sig", "latin-1", "utf-16"])
    text = changed(st.one_of(plain, own), PIECES)
    return st.builds(lambda text, encoding: text.encode(encoding, "replace"), text, encoding)


def exported(snapshot: Snapshot) -> tuple[str, ...]:
    """Return replicates.csv and epochs.csv of a session."""
    found = (replicates_table(snapshot), epochs_table(snapshot))
    return tuple("".join([csv_line(table.columns), *map(csv_line, table.rows)]) for table in found)


# Journal lines -----------------------------------------------------------------------------------------------


def records() -> st.SearchStrategy[bytes]:
    """Records of several kinds as they are written."""
    text = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
    finite = st.floats(allow_nan=False, allow_infinity=False)
    ids = {"trial": 1, "replicate": 1, "attempt": 1}
    events = st.one_of(
        st.builds(lambda value, name: EpochEnded(**ids, epoch=1, metrics={name: value}), finite | st.none(), text),
        st.builds(lambda text: Noted(level="info", text=text), text),
        st.builds(
            lambda seconds, why: AttemptEnded(**ids, status="failed", seconds=seconds, reason=why), finite, text
        ),
        st.builds(
            lambda jobs: JobsQueued(jobs=tuple(jobs)), st.lists(st.tuples(st.integers(), st.integers(0, 9)))
        ),
    )
    limits = st.integers(-(2**63), 2**63 - 1)
    return st.builds(
        lambda seq, time, event: encode_record(Envelope(seq, 1, time, event))[:-1], limits, finite, events
    )


# Filter lines ------------------------------------------------------------------------------------------------


def filter_lines() -> st.SearchStrategy[str]:
    """Lines that say something of the session that they are for, deeply nested too."""
    signs = st.sampled_from(["<", "<=", "=", "==", "!=", ">", ">="])
    numbers = st.sampled_from(["0.0001", "1e-4", "0.5", "2", "-1", "1e300"])
    simple = st.one_of(
        st.builds(
            "{} {} {}".format, st.sampled_from(["val_accuracy", "val_loss", "failed", "complete"]), signs, numbers
        ),
        st.builds(
            "learning_rate {} {}".format, st.sampled_from(["<", ">=", "="]), st.sampled_from(["1e-4", "0.0002"])
        ),
        st.builds("filters {} ({})".format, st.sampled_from(["in", "not in"]), st.sampled_from(["12", "12, 24"])),
        st.builds("status {} {}".format, st.sampled_from(["=", "!="]), st.sampled_from(["complete", "failed"])),
    )

    def nested(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        both = st.builds("{} {} {}".format, inner, st.sampled_from(["and", "or"]), inner)
        return st.one_of(both, inner.map("({})".format), inner.map("not {}".format))

    return st.recursive(simple, nested, max_leaves=6)


def session_names() -> st.SearchStrategy[str]:
    """Names as people give them."""
    letters = "abcXYZ019"
    return st.builds(str.__add__, st.sampled_from(letters), st.text(letters + "._-", max_size=63))
