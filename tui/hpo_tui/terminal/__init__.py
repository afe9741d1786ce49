"""What is sent to the terminal: only the cells that changed, in few bytes, and no more than it soon takes.

Textual writes whole lines and every colour in full. Here its writing is read into a picture of cells (``picture``,
with the ``pen`` of each), and what differs from the picture on the terminal is sent (``changes``, ``moves``) by a
thread of its own (``painter``), in pieces, as the ``link`` has room: while a slow link takes one frame, the next
ones become one. ``driver`` puts it in Textual's place.
"""
