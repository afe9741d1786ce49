"""Said on the screen before a training is started, and where one is seen at work: the logout would end it."""

from __future__ import annotations

from weakref import WeakSet

from textual.app import App

from hpo_core.engine.logout import WARNING, logout_kills

SHOWN_SECONDS = 30.0
_told: WeakSet[App[object]] = WeakSet()


def warn_of_logout(app: App[object]) -> None:
    """Say it once in an app's life, where it is so. Asks systemd, which takes a moment: call it in a thread."""
    if app in _told:
        return
    _told.add(app)
    if logout_kills():
        app.call_from_thread(
            app.notify,
            f"{WARNING[0].upper()}{WARNING[1:]}",
            severity="warning",
            timeout=SHOWN_SECONDS,
            markup=False,
        )
