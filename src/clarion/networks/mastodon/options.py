"""Facts of Mastodon, in one place. Sources stand beside each; what a server says itself comes before these.

There is no one address: an account's base is its `server`.
"""

from __future__ import annotations

from datetime import timedelta

from clarion.model import Limits
from clarion.networks.base import Rate

TITLE = "Mastodon"

#: StatusLengthValidator: 500, a URL counts 23; MediaAttachment: description 1,500 up to 4.5 (10,000 from 4.6), images
#: 16 MB; Status::MEDIA_ATTACHMENTS_LIMIT 4. `verify` reads the server's own from /api/v2/instance.
LIMITS = Limits(text=500, alt=1500, per_url=23, images=4, image_bytes=16 * 1024 * 1024)

#: MediaAttachment: a GIF that moves becomes a silent video, which stands alone in a post (PostStatusService).
MOVING: str | None = None

#: The server reads the page itself (FetchLinkCardService).
CARDS = False

#: Who may quote is the nearest it has (QUOTE_POLICY).
REPLIES = False

#: PUT /api/v1/statuses/:id; whoever shared the post is told.
EDITS = True

#: The account's `bot` flag.
DISCLOSE = "On its server: Edit profile, tick “This is an automated account”."

#: What `accounts add` asks for: a token that allows SCOPES.
SECRETS = ("access_token",)
#: What publishing takes and no more: who we are; a look for, a read-back of and the numbers of our posts; to post, edit
#: and recall; to upload. Source: docs.joinmastodon.org, "OAuth Scopes", and each method's own page.
SCOPES = ("read:accounts", "read:statuses", "write:media", "write:statuses")

#: Rate limits as (requests, seconds), per token. Sources: docs.joinmastodon.org "Rate limits", RateLimiter::FAMILIES
#: (statuses), config/initializers/rack_attack.rb (the others).
REQUESTS = (300, 5 * 60)
STATUSES = (300, 3 * 3600)
MEDIA = (30, 30 * 60)
DELETES = (30, 30 * 60)
#: A create and its read-back are two requests; an image is uploaded and asked for until it is ready, twice as a rule;
#: a look reads a page, the source of what resembles, and what it found once more. An edit costs what a post does.
WINDOWS = (
    Rate(family="requests", limit=REQUESTS[0], seconds=REQUESTS[1], post=2, image=3, look=3, recall=1),
    Rate(family="statuses", limit=STATUSES[0], seconds=STATUSES[1], post=1),
    Rate(family="media", limit=MEDIA[0], seconds=MEDIA[1], image=1),
    Rate(family="deletes", limit=DELETES[0], seconds=DELETES[1], recall=1),
)
#: How long to wait after a 429 that does not say.
WAIT_SECONDS = 300.0

#: A server keeps an Idempotency-Key for an hour (PostStatusService); with a margin, a repeat is safe for so long.
KEY_LASTS = timedelta(hours=1)
REPEATABLE_FOR = timedelta(minutes=50)
#: How far this outbox's clock and a server's may differ.
SKEW = timedelta(minutes=2)

#: GET /api/v1/accounts/:id/statuses gives at most so many.
PAGE = 40

#: Mastodon cannot limit replies; who may quote (4.5 and newer) is the nearest it has.
QUOTE_POLICY = {"followed": "followers", "mentioned": "nobody"}

#: Ids are opaque; Mastodon's have 18 digits, others' 26 letters. What is far longer is no id.
LONGEST_ID = 200
