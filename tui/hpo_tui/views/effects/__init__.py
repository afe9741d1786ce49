"""The effects view: what matters and what is noise, one file a kind of section, and what can be done about it."""
