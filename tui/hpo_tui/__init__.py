"""The one front end of hpo-tui: the command line and the screen, over ``hpo_core``.

Rooms, from the bottom up; a room imports only from those above it in this list:

    look/                 ink -> style, for dark, light, high contrast; 256, 16 or no colours; what a key says
    plots/                numbers -> plotext -> pictures of cells; inks are roles, not colours
    desk/                 tails a session folder in a thread; how a person looks at it, kept in ``view.json``;
                          what matters and what is noise, worked out beside the screen
    views/                one file a view
    panes/, forms/        what stands in every pane; what the forms ask for, check and propose; no widget, no app
    widgets/              panes that show rows and send only those that changed
    screens/              one screen a file; ``session_keys`` names what each key of a session does, by subject in
                          ``acts/``; ``orders`` is what the screens ask of an engine
    hangup                leaving when a signal says so, or the terminal is gone
    app                   which screen is shown, in which theme
    commands/, cli        the verbs, loaded when they are called; how errors are told

Data flows one way: the follower hands an ``Update`` (snapshot, live status) to the session screen; with the
``ViewState`` it makes a ``Desk``, which computes rows; panes show them. A key makes the next view state, or an
order in the session's control folder. State goes down, messages come up; nothing here writes a journal, and the
screen's process never imports TensorFlow.
"""
