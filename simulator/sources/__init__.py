"""Every finance source but settlements, made from the same ledger.

A subject has a module: what is true of it at an instant, how Amazon writes it, and what of it stands in the truth. The
truth is taken from the facts, never from a file. `book` holds what they share, `kinds` what can be asked for.
"""
