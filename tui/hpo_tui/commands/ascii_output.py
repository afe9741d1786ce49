"""Output in 7-bit characters: a text encoding that writes every sign as its ASCII twin.

It is not called "ascii": click takes a stream of that name for a misconfigured one, and writes UTF-8 to it.
"""

from __future__ import annotations

import codecs
import io
import sys

ASCII = "hpo_twins"


def write_ascii() -> None:
    """Write nothing but 7-bit characters from now on."""
    codecs.register(_find)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding=ASCII)


def _encode(text: str, errors: str = "strict") -> tuple[bytes, int]:
    from hpo_tui.plots.ascii import to_ascii

    return to_ascii(text).encode("ascii", "replace"), len(text)


class _Encoder(codecs.IncrementalEncoder):
    def encode(self, text: str, final: bool = False) -> bytes:
        return _encode(text)[0]


def _find(name: str) -> codecs.CodecInfo | None:
    if name != ASCII:
        return None
    plain = codecs.lookup("ascii")
    return codecs.CodecInfo(
        _encode,
        plain.decode,
        incrementalencoder=_Encoder,
        incrementaldecoder=plain.incrementaldecoder,
        name=ASCII,
    )
