"""The journal: what happened in a session, append-only, one JSON object a line, each with seq, gen and crc.

A record is the event's own JSON object with its envelope around it::

    {"seq":12,"gen":1,"time":1700000000.5,"event":{"type":"EpochEnded",...},"crc":"9ae0daaf"}

The CRC (CRC-32, hexadecimal) is over every byte before ``,"crc"``. The engine is the only writer. After a failed
fsync nothing more is written to that file: a new segment (``journal-2.jsonl``, ...) begins with everything that
was not known to be on the disk. Readers take all segments together and count each ``seq`` once, so that a record
which stands in two segments is one record, and one that was lost in the first is read from the second.
"""
