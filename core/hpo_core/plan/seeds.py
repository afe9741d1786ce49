"""The seeds of trainings: one of its own for each, or one for each replicate that all trials share.

31 bits, from SHA-256 of what they stand for, so that seeds are unrelated and every platform agrees.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

from hpo_core.plan.setting import Value

OWN, SHARED = "own", "shared"
SEEDINGS = (OWN, SHARED)


def training_seed(session_seed: int, values: Mapping[str, Value], replicate: int) -> int:
    """Return the seed of one training, which no other has: of a trial with these values, in whatever order.

    Numbers that are equal are the same however they are spelled (1 and 1.0), but true is not 1.
    """
    plain = {name: _plain(value) for name, value in values.items()}
    return _seed(f"{session_seed}/{replicate}/{json.dumps(plain, sort_keys=True)}")


def replicate_seed(session_seed: int, replicate: int) -> int:
    """Return the seed of a replicate that every trial shares, so that a replicate is a block."""
    return _seed(f"{session_seed}/{replicate}")


def _plain(value: Value) -> Value:
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _seed(text: str) -> int:
    digest = hashlib.sha256(text.encode()).digest()
    return int.from_bytes(digest[:4], "big") & 0x7FFF_FFFF
