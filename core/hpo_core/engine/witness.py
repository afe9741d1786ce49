"""Says in the engine's log that the engine has ended without a word of its own.

Ray ends the process that uses it, at once and past everything that Python does at its end, where it finds its
cluster gone. So a shell stands by, in a session of its own, and waits for the engine's word: a pipe that closes
without one was left by an engine that was ended. What of Ray was started with the engine it then ends too: two of
its processes would look for their parent for a minute yet.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Iterator

_WAIT = """
read -r word && exit
printf "%s %s\\n" "$(date "+%F %T")" "$1" >&2
[ -z "$2" ] || kill -s KILL -- "-$2" 2>/dev/null
"""


@contextlib.contextmanager
def witnessed(sentence: str) -> Iterator[None]:
    """Have ``sentence`` written to stderr, with the time, where this process ends and the context does not.

    What is left of its process group is then killed, where it was started as the leader of one.
    """
    waits, says = os.pipe()
    group = str(os.getpid()) if os.getpgid(0) == os.getpid() else ""
    command = ["/bin/sh", "-c", _WAIT, "sh", sentence, group]
    try:
        witness = subprocess.Popen(command, stdin=waits, stdout=subprocess.DEVNULL, start_new_session=True)
    finally:
        os.close(waits)
    try:
        yield
    finally:
        with contextlib.suppress(BrokenPipeError):
            os.write(says, b"\n")
        os.close(says)
        witness.wait()
