"""What is sent to the terminal: only the cells that changed, in as few bytes as say it.

Textual writes whole lines and every colour in full. Here its writing is read into a picture of cells (``picture``,
with the ``pen`` of each), and what differs from the picture on the terminal is sent (``changes``, ``moves``) by a
thread of its own (``painter``): while a slow link takes one frame, the next ones become one. ``driver`` puts it in
Textual's place.
"""
