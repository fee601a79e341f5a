"""Chance that is the same for the same names, in every world and whenever it is asked."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Sequence
from typing import TypeVar

_T = TypeVar("_T")
_LETTERS = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789" * 8


def number(*names: object, below: int) -> int:
    """A whole number from 0."""
    return int.from_bytes(_digest(names)[:8], "big") % below


def one_of(values: Sequence[_T], *names: object) -> _T:
    """One of some values."""
    return values[number(*names, below=len(values))]


def code(length: int, *names: object) -> str:
    """Capital letters and digits."""
    return hashlib.shake_256("/".join(map(str, names)).encode()).digest(length).translate(_LETTERS).decode()


def hours(least: int, most: int, *names: object) -> dt.timedelta:
    """A span of so many hours, to the second."""
    return dt.timedelta(seconds=least * 3600 + number(*names, below=(most - least) * 3600))


def _digest(names: tuple[object, ...]) -> bytes:
    return hashlib.sha256("/".join(map(str, names)).encode()).digest()
