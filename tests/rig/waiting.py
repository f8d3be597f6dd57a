"""Waiting for something to become true, instead of sleeping and hoping."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def eventually(look: Callable[[], T], within: float = 5.0, every: float = 0.05) -> T:
    """The first true value of `look`, which may also assert. Fails with what it said last."""
    deadline = time.monotonic() + within
    while True:
        failure, value = None, None
        try:
            value = look()
            if value:
                return value
        except AssertionError as error:
            failure = error
        if time.monotonic() > deadline:
            raise failure or AssertionError(f"not within {within} s; last: {value!r}")
        time.sleep(every)
