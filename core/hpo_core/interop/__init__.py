"""Results in and out, a module a format, listed in ``formats``: what ``export`` writes, ``import`` reads back."""
