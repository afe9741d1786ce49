"""The machine view: CPU, memory, GPU and speed while an engine works; a GPU that is not there is no row."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from hpo_core.executors.sharing import free_words, in_words
from hpo_core.text import clean, format_seconds, plural
from hpo_tui.desk.desk import Desk
from hpo_tui.desk.follower import Update
from hpo_tui.look.inks import DIM, STRONG
from hpo_tui.look.numbers import bytes_text
from hpo_tui.plots.rows import Row, bar, fit, padded, run
from hpo_tui.views.view import View

_NAME, _BAR = 16, 40
NOBODY = "The machine's readings appear here while an engine works on the session."


class Machine(View):
    """The machine's readings."""

    name = "machine"
    title = "machine"
    letter = "m"
    shows = "processors, GPUs, memory and workers"

    def rows(self, desk: Desk, width: int, height: int) -> Sequence[Row]:
        """Return the readings, one in each row."""
        return machine_rows(desk.update, width, height)

    def basis(self, desk: Desk) -> tuple[object, ...]:
        """Return the update: what is in view is of no account."""
        return (desk.update,)

    def sentences(self, desk: Desk) -> list[str]:
        """Say the readings."""
        rows = ("".join(text for text, _ in row).split() for row in machine_rows(desk.update, 120, 40))
        return [" ".join(word for word in row if word.strip("━╸─")) for row in rows if row]


def machine_rows(update: Update, width: int, height: int) -> list[Row]:
    """Return exactly ``height`` rows about the machine that trains."""
    status = update.status
    rows: list[Row] = []
    if status is None:
        rows += [(run(f" {line}", DIM),) for line in textwrap.wrap(NOBODY, max(width - 1, 10))]
    else:
        machine = status.machine
        rows += _reading("CPU, all cores", machine.cpu / 100, f"{machine.cpu:.0f} %", width)
        if machine.memory_total:
            rows += _memory("memory", machine.memory_used, machine.memory_total, width)
            rows += _memory("of that, workers", machine.workers_memory, machine.memory_total, width)
        if machine.gpu is not None:
            name = clean(machine.gpu_name or "GPU", 40)
            rows += _reading("GPU", machine.gpu / 100, f"{machine.gpu:.0f} %  {name}", width)
        elif update.snapshot.engine is not None and update.snapshot.engine.device != "cpu":
            rows += _fact("GPU", "n/a: it cannot be read", width)
        if machine.gpu_memory_used is not None and machine.gpu_memory_total:
            rows += _memory("GPU memory", machine.gpu_memory_used, machine.gpu_memory_total, width)
        rows += [(), *(row for name, value in _facts(update) for row in _fact(name, value, width))]
    if update.snapshot.data is not None:
        said = enumerate(update.snapshot.data.said)
        rows += [(), *(row for place, line in said for row in _fact("" if place else "data", clean(line), width))]
    shown = [padded(row, width) for row in rows[:height]]
    return [*shown, *([padded((), width)] * (height - len(shown)))]


def _facts(update: Update) -> list[tuple[str, str]]:
    status, engine, data = update.status, update.snapshot.engine, update.snapshot.data
    assert status is not None
    facts = [("workers", f"{status.ready} of {status.workers} ready")]
    facts += [("also here", f"{clean(other.name, 40)}: {in_words(other)}") for other in status.others]
    if status.machine.sessions:
        facts.append(("free", free_words(status.machine.sessions, status.machine.cores)))
    if status.speed is not None:
        facts.append(("speed", f"{status.speed:.1f} trainings a minute"))
    if status.eta is not None:
        facts.append(("time left", format_seconds(status.eta)))
    if engine is not None:
        facts.append(("engine", f"process {status.pid} on {clean(engine.host, 40)}, {clean(engine.device, 40)}"))
    if data is not None and data.train:
        height, width = data.image_size
        counts = f"{data.train:,} to train, {data.validation:,} to validate"
        shape = f", {height}×{width}, {plural(len(data.classes), 'class', 'classes')}" if data.classes else ""
        facts.append(("images" if data.classes else "examples", f"{counts}{shape}"))
    return facts


def _memory(name: str, used: int, total: int, width: int) -> list[Row]:
    return _reading(name, used / total, f"{bytes_text(used)} of {bytes_text(total)}", width)


def _reading(name: str, share: float, words: str, width: int) -> list[Row]:
    """Return a bar and its words; where both have no room, the words alone."""
    room = min(width - _NAME - len(words) - 5, _BAR)
    if room < 4:
        return _fact(name, words, width)
    return [(run(f" {fit(name, _NAME)} ", DIM), *bar(share, room), run(f"  {words}"))]


def _fact(name: str, value: str, width: int) -> list[Row]:
    """Return a name and its value, in as many rows as the value needs."""
    ink = STRONG if name == "time left" else 0
    parts = textwrap.wrap(value, max(width - _NAME - 3, 10))
    return [
        (run(f" {fit('' if place else name, _NAME)} ", DIM), run(part, ink)) for place, part in enumerate(parts)
    ]
