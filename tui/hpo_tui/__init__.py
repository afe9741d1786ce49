"""The one front end of hpo-tui: the command line and the screen, over ``hpo_core``.

Rooms, from the bottom up; a room imports only from those above it in this list:

    look/                 ink -> style for every theme; what a key table says; numbers as they are written
    plots/                numbers -> plotext -> pictures of cells; inks are roles, not colours
    desk/                 what comes in (follower, analyst), how it is looked at, the facts of one moment
    views/                one file a view: drawn, told in words, moved in, clicked, plotted; one tuple lists them
    panes/                one file a pane of the session's screen; one table lists them
    forms/, widgets/      what a form asks; panes that show rows and send only those that changed
    screens/              one screen a file; ``acts/`` is what its keys do
    hangup                leaving when a signal says so, or the terminal is gone
    keyboard              what the terminal sends, read so that no byte of it ends the screen
    terminal/             what is sent to the terminal: the cells that changed, in the fewest bytes
    app                   which screen is shown, in which theme
    commands/, cli        the verbs, loaded when they are called; how errors are told

Data flows one way: the follower hands an ``Update`` (snapshot, live status) to the session screen; with the
``ViewState`` it makes a ``Desk``, one as long as both are the same, of which panes and views make rows; a pane is
drawn again where what it is made of has changed. A key makes the next view state, or an order in the session's
control folder. State goes down, messages come up; nothing here writes a journal, and the screen's process never
imports TensorFlow.
"""
