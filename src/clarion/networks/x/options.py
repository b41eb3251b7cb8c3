"""Facts of X, as constants. Numbers change: what the server says wins, and configuration may override them."""

from __future__ import annotations

from clarion.model import Limits
from clarion.networks.base import Rate

TITLE = "X"

#: 280 weighted units, a URL counts 23: twitter-text configuration v3. Alt text: POST /2/media/metadata.
#: Images: docs.x.com, "Media best practices".
LIMITS = Limits(text=280, alt=1000, per_url=23, images=4, image_bytes=5_000_000)

#: docs.x.com, "Media best practices": a GIF that moves is uploaded as another kind of media, up to 15 MB.
MOVING: str | None = "X takes pictures that move only by another way of uploading, which Clarion does not use"

#: X's own crawler reads the page.
CARDS = False

#: POST /2/tweets, reply_settings.
REPLIES = True

#: docs.x.com: POST /2/tweets edits for half an hour, for those who pay for it.
EDITS = False

#: X shows the label to readers and has no field for it in its API.
DISCLOSE = (
    "On X: Settings, Your account, Account information, Automation; and say in the bio that it is automated."
)

#: OAuth 1.0a user context: the app's two and the account's two, from the developer console. They do not expire.
SECRETS = ("consumer_key", "consumer_secret", "access_token", "access_secret")

#: The host tweepy signs and calls, hard-coded there. Requests are redirected after signing.
BASE = "https://api.twitter.com"
#: Where people read.
WEB = "https://x.com"
#: The server in an account's identity.
ORIGIN = WEB

#: docs.x.com, "Rate limits": POST /2/tweets per user, and per app.
CREATES = (100, 15 * 60)
CREATES_PER_APP = (10_000, 24 * 3600)
#: docs.x.com, "Rate limits": GET /2/users/:id/tweets and GET /2/tweets/:id per user.
READS = (900, 15 * 60)
#: Posts in one answer, at most: GET /2/tweets, GET /2/users/:id/tweets.
PAGE = 100
#: docs.x.com, "Rate limits": DELETE /2/tweets/:id per user.
DELETES = (50, 15 * 60)
#: A create and its read-back; a look reads up to three pages, and what it found once more.
WINDOWS = (
    Rate(family="posts", limit=CREATES[0], seconds=CREATES[1], post=1),
    Rate(family="posts", limit=CREATES_PER_APP[0], seconds=CREATES_PER_APP[1], post=1, shared=True),
    Rate(family="reads", limit=READS[0], seconds=READS[1], post=1, look=4),
    Rate(family="deletes", limit=DELETES[0], seconds=DELETES[1], recall=1),
)
#: What to wait on a 429 that does not say: one whole window.
WINDOW_SECONDS = 15 * 60
