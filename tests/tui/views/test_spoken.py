"""``t`` says what the open view shows, for who cannot see it, from the numbers that are drawn."""

from __future__ import annotations

from hpo_tui.panes.summary import summary
from hpo_tui.views import VIEWS

NAMES = [view.name for view in VIEWS]

SAID = {
    "scatter": "Scatter of learning_rate and loss and filters: 12 points, one for each trial.",
    "heatmap": "loss poisson: 0.0001 0.6250; 0.001 0.9250; 0.01 0.1250.",
    "histograms": "filters 12: 12 results, most of them, 33 %,",
    "slices": "filters, means: 12 ",
    "curves": "loss poisson, filters 24: 0.9350 after epoch 1, 0.9450 after epoch 3.",
    "parallel": "Cut at learning_rate 0.01.",
    "ranking": "1. 0.9450 ± 0.0071: trial 6, learning_rate 0.001, loss poisson, filters 24.",
    "effects": "learning_rate decides",
    "machine": "The machine's readings appear here while an engine works on the session.",
}


async def test_every_view_can_be_told_in_words(make_session, open_app) -> None:
    async with open_app(make_session()) as see:
        await see.until(lambda: see.app.screen.latest is not None)
        screen = see.app.screen
        for view in NAMES:
            if view == "parallel":
                await see.press("3")
            await see.until(lambda view=view: any(SAID[view] in line for line in summary(screen.desk())))
            await see.press("t")
            await see.until(lambda: type(see.app.screen).__name__ == "Words")
            await see.press("escape")
            await see.until(lambda: see.app.screen is screen)
            if view == "parallel":
                await see.press("u")
            await see.press("right_square_bracket")


async def test_curves_of_values_show_epochs_against_learning_rate(make_session, open_app) -> None:
    async with open_app(make_session()) as see:
        await see.press("g", "c", "f")
        await see.shows("view", "val_accuracy by learning_rate")
        await see.shows("view", "A training of fewer epochs has the same ones, up to its end.")
        said = VIEWS[NAMES.index("curves")].told(see.app.screen.desk())
        assert said[1:] == [
            "Epoch 1: 0.0001 0.6150; 0.001 0.9150; 0.01 0.1150.",
            "Epoch 2: 0.0001 0.6200; 0.001 0.9200; 0.01 0.1200.",
            "Epoch 3: 0.0001 0.6250; 0.001 0.9250; 0.01 0.1250.",
        ]
        await see.press("X", "f")
        await see.until(lambda: "Curves of val_accuracy by epoch" in " ".join(summary(see.app.screen.desk())))


async def test_curves_of_values_are_no_mean_over_losses_that_do_not_compare(make_session, open_app) -> None:
    async with open_app(make_session(objective="val_loss")) as see:
        await see.press("g", "c", "f")
        await see.shows("view", "With the loss on the first axis")
        await see.press("pagedown", "X")
        await see.shows("view", "val_loss by loss")


async def test_more_bins_are_said_and_never_more_than_there_is_room_for(make_session, open_app) -> None:
    async with open_app(make_session()) as see:
        await see.until(lambda: see.app.screen.latest is not None)
        await see.press(*["plus"] * 30)
        most = see.app.screen.state.bins
        await see.press("minus")
        await see.until(lambda: see.app.screen.state.bins == most - 2)
        notes = [note.message for note in see.app._notifications]
        assert f"{most - 2} bins." in notes


async def test_what_is_not_seen_is_not_turned(make_session, open_app) -> None:
    async with open_app(make_session()) as see:
        await see.press("right_square_bracket", "right")
        await see.until(lambda: any("The scatter turns" in note.message for note in see.app._notifications))
        assert see.app.screen.state.angles is None
