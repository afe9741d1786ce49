"""``doctor``: what this machine has and how it behaves, in words."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import click
from msgspec import Struct

from hpo_core.engine import logout
from hpo_core.executors.registry import EXECUTORS, ExecutorFacts
from hpo_core.plan.plans import PLANS, PlanFacts
from hpo_core.text import clean, plural
from hpo_tui.commands import probes
from hpo_tui.commands.options import common_options, path_in_words, wants_ascii
from hpo_tui.look.numbers import bytes_text

LOW_DISK = 1_000_000_000
"""Bytes of free space below which ``doctor`` warns."""


class Finding(Struct, frozen=True):
    """One line of the report; ``problem`` where training here would suffer."""

    subject: str
    words: str
    problem: bool = False


@click.command()
@click.option("--clear-cache", is_flag=True, help="Delete the decoded images; they are made again when needed.")
@common_options
@click.pass_obj
def doctor(sessions: Path, clear_cache: bool) -> None:
    """Say what this machine has: TensorFlow, GPUs, terminal, disk.

    Exit status 1 where something stands in the way of training.
    """
    if clear_cache:
        click.echo(empty_cache())
        return
    checks: tuple[Callable[[], Iterator[Finding]], ...] = (
        versions, cpu, gpus, extras, terminal, lambda: disk(sessions), cache, at_logout
    )  # fmt: skip
    problems = 0
    for check in checks:
        for finding in check():
            problems += finding.problem
            click.echo(f"{'!' if finding.problem else ' '} {finding.subject:<12} {clean(finding.words)}")
    click.echo("\nAll is well." if not problems else f"\n{plural(problems, 'problem')}, marked with '!'.")
    click.get_current_context().exit(1 if problems else 0)


def versions() -> Iterator[Finding]:
    """Which hpo-tui, Python and TensorFlow; TensorFlow is started in a process of its own."""
    yield Finding("hpo-tui", f"{version('hpo-tui')} on Python {platform.python_version()}, {platform.platform()}")
    try:
        found = f"{version('tensorflow')}, Keras {version('keras')}"
    except PackageNotFoundError as error:
        yield Finding("TensorFlow", f"is not installed ({error.name}): 'pip install tensorflow'", problem=True)
        return
    works, words = probes.start_tensorflow()
    yield Finding("TensorFlow", f"{found}; {words}", problem=not works)


def cpu() -> Iterator[Finding]:
    """The cores that may be used, the memory, and whether the CPU computes bfloat16."""
    import psutil

    from hpo_core.executors.hardware import cores

    memory = psutil.virtual_memory()
    flags = cpu_flags()
    half = "with AVX512-BF16" if "avx512_bf16" in flags else "without AVX512-BF16"
    yield Finding("CPU", f"{plural(cores(), 'core')} to use, {half} (mixed_bfloat16)")
    yield Finding("memory", f"{bytes_text(memory.available)} free of {bytes_text(memory.total)}")


def cpu_flags(path: Path = Path("/proc/cpuinfo")) -> frozenset[str]:
    """Return the CPU's features by their Linux names; none where the system does not say."""
    if not path.is_file():
        return frozenset()
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    return frozenset(next((line.partition(":")[2].split() for line in lines if line.startswith("flags")), []))


def gpus() -> Iterator[Finding]:
    """How many NVIDIA GPUs the driver offers."""
    from hpo_core.executors.gpus import GpuShare
    from hpo_core.executors.hardware import gpus as count_gpus

    count = count_gpus()
    busy = sum(map(bool, GpuShare(count).used_elsewhere()))
    used = f", {busy} of them used by other sessions" if busy else ""
    shared = "one worker each, or as many as --workers-per-gpu says"
    words = f"{plural(count, 'NVIDIA GPU')} to use{used}; {shared}" if count else "none: training uses the CPU"
    yield Finding("GPUs", words)


def extras() -> Iterator[Finding]:
    """Which of the packages are there that some plans and executors need."""
    needs = {facts.needs: "search" for facts in PLANS.values() if facts.needs}
    needs |= {facts.needs: facts.needs for facts in EXECUTORS.values() if facts.needs}
    for package, extra in needs.items():
        users = ", ".join([*_needing("plan", PLANS, package), *_needing("--executor", EXECUTORS, package)])
        try:
            words = f"{version(package)}, for {users}"
        except PackageNotFoundError:
            words = f"is not installed; {users} needs it: pip install 'hpo-tui[{extra}]'"
        yield Finding(package, words)


def _needing(word: str, table: Mapping[str, PlanFacts] | Mapping[str, ExecutorFacts], package: str) -> list[str]:
    return [f"{word} {name}" for name, facts in table.items() if facts.needs == package]


def terminal() -> Iterator[Finding]:
    """What the terminal says of itself, and whether it can show the screen."""
    from hpo_core.errors import TerminalError
    from hpo_tui.commands.terminal import check_terminal

    size = shutil.get_terminal_size()
    named = {name: os.environ.get(name) or "not set" for name in ("TERM", "COLORTERM")}
    encoding = "ASCII" if wants_ascii() else (sys.stdout.encoding or "unknown").upper()
    words = f"TERM {named['TERM']}, COLORTERM {named['COLORTERM']}, {size.columns}×{size.lines}, {encoding}"
    yield Finding("terminal", words)
    try:
        check_terminal()
    except TerminalError as error:
        yield Finding("", str(error))


def disk(sessions: Path) -> Iterator[Finding]:
    """Free space, locks and flushes where the sessions are."""
    folder = probes.nearest_folder(sessions)
    free = shutil.disk_usage(folder).free
    yield Finding("sessions", f"in {path_in_words(sessions)}: {bytes_text(free)} free", problem=free < LOW_DISK)
    try:
        holds, seconds = probes.lock_holds(folder), probes.sync_seconds(folder)
    except OSError as error:
        yield Finding("disk", f"{path_in_words(folder)} cannot be written: {error.strerror}", problem=True)
        return
    yield Finding("locks", "hold" if holds else "do not hold: two engines could write one session", not holds)
    yield Finding("flush", f"takes {seconds * 1000:.1f} ms")


def cache() -> Iterator[Finding]:
    """Where decoded images are kept, and how much of them."""
    from hpo_core.workloads.images.cache import cache_size
    from hpo_core.workloads.images.cache_place import cache_path

    yield Finding("cache", f"in {path_in_words(cache_path())}: {bytes_text(cache_size())} of decoded images")


def at_logout() -> Iterator[Finding]:
    """Whether a training goes on after the logout."""
    if logout.logout_kills():
        yield Finding("logout", f"systemd ends a training at logout; {logout.REMEDY}", problem=True)
    else:
        yield Finding("logout", "a training goes on after it")


def empty_cache() -> str:
    """Delete the decoded images; return what was done, in words."""
    from hpo_core.workloads.images.cache import clear_cache
    from hpo_core.workloads.images.cache_place import cache_path

    return f"{bytes_text(clear_cache())} deleted from {path_in_words(cache_path())}."
