"""The one front end of hpo-tui: the command line and the screen, over ``hpo_core``.

Rooms; a room imports only from those above it in this list:

    plots/                numbers -> plotext -> pictures of cells; inks are roles, not colours
    theme, skin, skins    ink -> style, for dark, light, high contrast; 256, 16 or no colours
    keys, session_keys    the one table of keys, for dispatch, footer, help and palette
    viewstate             how a person looks at a session (trim, view, axes); preferences: at all of them
    follow                tails a session folder in a thread; updates at a bounded rate
    launching, stopping   how an engine is started, ended and taken over; what a logout would end; the demo
    viewmodel/            snapshot + view state -> rows, pictures and words; no widget, no app
    widgets/              panes that show rows and send only those that changed
    screens/              one screen a file; what its keys do, part by part
    app                   which screen is shown, in which theme
    commands/, cli        the verbs, loaded when they are called; how errors are told

Data flows one way: the follower hands an ``Update`` (snapshot, live status) to the session screen; with the
``ViewState`` it makes a ``Desk``, which computes rows; panes show them. A key makes the next view state, or an
order in the session's control folder. State goes down, messages come up; nothing here writes a journal, and the
screen's process never imports TensorFlow.
"""
