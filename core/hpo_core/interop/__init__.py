"""Tables in and out: what ``export`` writes, ``import`` reads back."""
