"""What TensorBoard's event files are made of, in bytes: the HParams of a training, and the scalars of an epoch.

Made by TensorBoard's own packages, but neither its ``EventFileWriter`` nor its summaries: those import TensorFlow
where there is one.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

from hpo_core.errors import HpoError, SessionError
from hpo_core.interop.extras import extra
from hpo_core.plan.hyperparameters import Value

FILE = "events.out.tfevents.{}.hpo-tui"
"""The name of an event file; TensorBoard knows them by what stands before the first number."""


class EventBytes:
    """Turns what is known of a training into records. Raises ``error`` where TensorBoard is not installed."""

    def __init__(self, what: str = "This export", error: type[HpoError] = SessionError) -> None:
        def package(module: str) -> Any:
            return extra(f"tensorboard.{module}", "tensorboard", what, error)

        self._records = package("summary.writer.record_writer")
        self._facts = package("plugins.hparams.plugin_data_pb2")
        self._hparams = package("plugins.hparams.metadata")
        self._event = package("compat.proto.event_pb2").Event
        self._summary = package("compat.proto.summary_pb2").Summary

    def begin(self, trial: int, values: Mapping[str, Value], start: float) -> bytes:
        """Return the beginning of a file: its version and the HParams; ``start`` is in seconds since 1970."""
        info = self._facts.SessionStartInfo(group_name=str(trial), start_time_secs=start)
        for name, value in values.items():
            kind = "bool" if isinstance(value, bool) else "string" if isinstance(value, str) else "number"
            setattr(info.hparams[name], f"{kind}_value", value)
        plugin = self._hparams.create_summary_metadata(self._facts.HParamsPluginData(session_start_info=info))
        tag, nothing = self._hparams.SESSION_START_INFO_TAG, self._hparams.NULL_TENSOR
        about = self._summary(value=[self._summary.Value(tag=tag, metadata=plugin, tensor=nothing)])
        return self._bytes(self._event(wall_time=start, file_version="brain.Event:2")) + self._bytes(
            self._event(wall_time=start, summary=about)
        )

    def epoch(self, number: int, metrics: Mapping[str, float | None], at: float) -> bytes:
        """Return an epoch's scalars; what is not finite is left out."""
        found = {metric: value for metric, value in metrics.items() if value is not None}
        points = [self._summary.Value(tag=metric, simple_value=value) for metric, value in found.items()]
        return self._bytes(self._event(wall_time=at, step=number, summary=self._summary(value=points)))

    def _bytes(self, event: Any) -> bytes:
        file = io.BytesIO()
        self._records.RecordWriter(file).write(event.SerializeToString())
        return file.getvalue()
