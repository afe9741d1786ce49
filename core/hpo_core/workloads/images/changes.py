"""Whether the files that a worker has opened are still those: looked at between two trainings, not too often."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from typing import Any

from hpo_core.errors import DataError
from hpo_core.plan.data_source import FILES
from hpo_core.workloads.images.dataset import Dataset, prepare
from hpo_core.workloads.images.decode import Progress

LOOK_SECONDS = 30.0
LOOK_SHARE = 0.02
"""Names, sizes and times are listed at most so often, and listing takes at most this share of the time."""

log = logging.getLogger(__name__)


class Watch:
    """Watches the files of one ``[data]`` table, as from now."""

    def __init__(self, table: Mapping[str, Any]) -> None:
        self._table = dict(table)
        self._next = time.monotonic() + LOOK_SECONDS

    def changed(self, fingerprint: str, progress: Progress) -> Dataset | None:
        """Return the data set as it is now, where it is another than that of ``fingerprint``; mostly None.

        Files that cannot be read any more change nothing: the images are decoded already.
        """
        began = time.monotonic()
        if self._table.get("source") not in FILES or began < self._next:
            return None
        try:
            data = prepare(self._table, progress)
        except (DataError, OSError) as error:
            log.warning("the data's files cannot be looked at, so it trains on as before: %s", error)
            data = None
        other = data is not None and data.fingerprint != fingerprint
        spent = 0.0 if other else time.monotonic() - began
        self._next = time.monotonic() + max(LOOK_SECONDS, spent / LOOK_SHARE)
        return data if other else None
