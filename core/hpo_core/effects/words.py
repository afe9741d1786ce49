"""The findings as sentences, in their order; verdicts.py and rivals.py say the parts."""

from __future__ import annotations

from hpo_core.effects.model import Effects
from hpo_core.effects.rivals import cheaper_words, value_words, winner_words
from hpo_core.effects.verdicts import effect_words, unequal_noise
from hpo_core.text import clean, plural


def sentences(effects: Effects) -> list[str]:
    """Return all there is to say: faults of wiring, effects, unequal noise, basis, values, best, warnings."""
    faults, cautions = fault_words(effects), caution_words(effects)
    rest = [warning for warning in effects.warnings if warning not in (*faults, *cautions)]
    if not effects.n:
        return [*faults, *cautions, *rest]
    said = [*faults, *effect_words(effects.effects), *cautions, basis(effects)]
    for factor in effects.values:
        said.extend(value_words(factor, alone(effects)))
    if effects.best is not None:
        said.append(winner_words(effects.best, effects.metric))
    if effects.frontier is not None and effects.frontier.cheaper is not None:
        said.append(cheaper_words(effects.frontier.cheaper, effects.frontier.best))
    return [*said, *effects.notes, *rest]


def alone(effects: Effects) -> str:
    """Return the metric if what is worse by it may be best by the objective, else ""."""
    return effects.metric if effects.role == "other" else ""


def fault_words(effects: Effects) -> list[str]:
    """Return what must be known before anything else is read: which hyperparameters reach no training."""
    return [str(fault) for fault in effects.wiring]


def caution_words(effects: Effects) -> list[str]:
    """Return what the verdicts must be read with: that the noise is not the same everywhere."""
    return unequal_noise(effects.local)


_NOISE = {
    "replicates": "between replicates",
    "interactions": "taken from the highest interactions",
    "curves": "that the curves leave",
}


def basis(effects: Effects) -> str:
    """Return what the findings rest on: how many trainings, which epoch, how large the noise is."""
    said = (
        f"{clean(effects.metric)} at the {effects.shown_epoch} of {plural(effects.n, 'training')} in "
        f"{plural(effects.trials, 'trial')}"
    )
    noise = effects.noise
    if noise.source == "none":
        return f"{said}; the noise is not known."
    degrees = plural(int(noise.df), "degree", "degrees") + " of freedom"
    source = _NOISE[noise.source]
    said = f"{said}; noise {source}: sd {noise.sd:.3g} ({degrees})"
    if effects.block is not None:
        seeds = effects.block.df + 1
        said += (
            f"; all trials have the same {seeds} seeds, so each effect is judged by how it varies from seed to "
            f"seed, and {seeds} seeds are all that is known"
        )
    done, planned = effects.look
    if done < planned:
        alpha = effects.alpha
        said += (
            f"; {done} of {planned} replicates have ended, and effects seen on the way count below p = {alpha:.2g}"
        )
    tested = sum(1 for line in effects.effects if line.p == line.p)
    if tested > 1:
        said += f"; {tested} effects tested, corrected by Holm"
    return said + "."
