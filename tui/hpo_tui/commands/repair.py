"""``repair``: what of a session is damaged, what is kept, and the damage set aside."""

from __future__ import annotations

from collections.abc import Iterator

import click

from hpo_core.engine.mending import ASIDE, Findings, Segment, examine, kept_in_words, repair
from hpo_core.engine.recovery import RECOVERED
from hpo_core.engine.takeover import forget_other_host
from hpo_core.errors import SessionError
from hpo_core.session.paths import SessionFolder
from hpo_core.text import clean, plural
from hpo_tui.commands.options import common_options, session_argument

DAMAGE_SHOWN = 20


@click.command("repair")
@session_argument
@click.option("--dry-run", is_flag=True, help="Only say what is damaged; change nothing.")
@click.option("--recovered", is_flag=True, help=f"Put {RECOVERED}, the engine's copy, in the journal's place.")
@click.option("--take-over", is_flag=True, help="The engine on another host, which the lock names, is gone.")
@common_options
def repair_session(session: SessionFolder, dry_run: bool, recovered: bool, take_over: bool) -> None:
    """Say what of a session is damaged, set it aside, keep the rest.

    A damaged record is taken out of the journal, never guessed at; every file that is changed is first copied into
    the session's folder damaged/. Nothing is deleted.
    """
    findings = examine(session)
    click.echo("\n".join(report(findings)))
    if dry_run or (findings.sound and not recovered):
        if not findings.sound:
            click.echo(f"Nothing was changed; without --dry-run the damage is set aside in {ASIDE}/.")
        return
    if session.engine_runs():
        stop = f"'hpo-tui stop {session.name}'"
        raise SessionError(
            f"An engine works on {session.name!r}; {stop} first, and nothing that is saved is lost."
        )
    if take_over:
        forget_other_host(session)
    for path in repair(session, recovered):
        click.echo(f"Set aside: {clean(path.relative_to(session.path))}")
    click.echo(f"Repaired; kept: {kept_in_words(examine(session).snapshot)}. Open screens of it anew.")


def report(findings: Findings) -> Iterator[str]:
    """Yield the lines that say what was found."""
    for segment in findings.segments:
        yield from _segment_lines(segment)
    if not findings.segments:
        yield "journal.jsonl: there is none; nothing has been trained, or it was taken away."
    if findings.missing:
        yield f"{plural(findings.missing, 'record')} missing, going by the records' numbers."
    for path in findings.leftovers:
        yield f"{clean(path.name)}: half a file, left by a process that was killed while writing it."
    yield f"Kept: {kept_in_words(findings.snapshot)}."
    if findings.recovered is not None:
        yield f"{RECOVERED}, which an engine wrote from memory when its journal was taken away, has:"
        yield f"  {kept_in_words(findings.recovered)}."
        yield f"  'hpo-tui repair {findings.folder.name} --recovered' puts it in the journal's place."
    if findings.sound:
        yield "Nothing is damaged."


def _segment_lines(segment: Segment) -> Iterator[str]:
    whole = f"{plural(len(segment.good), 'record')} whole"
    damaged = f", {len(segment.damage):,} damaged" if segment.damage else ""
    yield f"{clean(segment.path.name)}: {whole}{damaged}"
    for entry in segment.damage[:DAMAGE_SHOWN]:
        yield f"  line {entry.line}: {clean(entry.reason)}"
    if len(segment.damage) > DAMAGE_SHOWN:
        yield f"  … and {len(segment.damage) - DAMAGE_SHOWN:,} more"
    if segment.tail:
        yield f"  the last record is cut off ({plural(len(segment.tail), 'byte')}); an engine sets it aside too"
