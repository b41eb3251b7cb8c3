"""When to try again: tenacity's policy, computed into a moment, so that back-off survives the process.

Only what was certainly not created backs off here; what is unknown is looked for, never repeated blind.
"""

from __future__ import annotations

from tenacity import RetryCallState, Retrying, stop_after_attempt, wait_random_exponential

#: Exponential from half a minute to half an hour, at random within it.
WAIT = wait_random_exponential(multiplier=30, max=1800)
ATTEMPTS = 8


def back_off(spent: int, attempts: int = ATTEMPTS) -> float | None:
    """Seconds until the next try after `spent` earlier back-offs; None: it was tried `attempts` times."""
    tries = _after(spent)
    return None if stop_after_attempt(attempts)(tries) else WAIT(tries)


def wait_after(spent: int) -> float:
    """The same without an end, for what must be done however long it takes."""
    return WAIT(_after(spent))


def _after(spent: int) -> RetryCallState:
    tries = RetryCallState(Retrying(), fn=None, args=(), kwargs={})
    tries.attempt_number = spent + 1
    return tries
