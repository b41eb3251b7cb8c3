"""The rehearsal's passwords and tokens: an app password and the account's own, and JWTs that say which it was. Pure.

In: an account's name, a password, what a token shall say. Out: the scope that @atproto/pds 0.5.35 gives for it (its
`auth-scope`), and tokens of the same shape as its own: three parts, of which the second can be read by anybody.
"""

from __future__ import annotations

import base64
import json
from hashlib import sha256

#: What a session may do: everything, or all but what an app password may not.
FULL, APP = "com.atproto.access", "com.atproto.appPass"


def app_password(account: str) -> str:
    """Derived from the name, so that nothing has to be set up."""
    found = letters(f"bluesky app password {account}", 16)
    return "-".join(found[at : at + 4] for at in range(0, 16, 4))


def own_password(account: str) -> str:
    """The account's own: it opens everything, and nobody should type it here."""
    return letters(f"bluesky own password {account}", 20)


def scope_of(account: str, password: object) -> str | None:
    """What a session opened with this password may do; None when it opens nothing."""
    return {app_password(account): APP, own_password(account): FULL}.get(str(password))


def token(scope: str, *, of: str, number: int, until: float) -> str:
    """A token: what it says of itself, and a signature that stands for one."""
    said = {"scope": scope, "sub": of, "exp": int(until), "jti": str(number)}
    head, body = (
        base64.urlsafe_b64encode(json.dumps(each).encode()).decode().rstrip("=")
        for each in ({"typ": "at+jwt", "alg": "HS256"}, said)
    )
    return f"{head}.{body}.{letters(f'{head}.{body}', 40)}"


def letters(seed: str, count: int) -> str:
    """So many small letters and digits that follow from a seed."""
    return base64.b32encode(sha256(seed.encode()).digest()).decode().lower().rstrip("=")[:count]
