"""Facts of Bluesky, in one place. Sources stand beside each; what a server says itself comes before these.

An account's base address is its `server`; most people's is https://bsky.social.
"""

from __future__ import annotations

from datetime import timedelta

from clarion.model import Limits
from clarion.networks.base import Rate

TITLE = "Bluesky"

#: Where readers are served from, and their counts are kept: asked for through an account's own server, which hands the
#: request on (docs.bsky.app, "API Hosts and Auth": service proxying).
APP_VIEW = "did:web:api.bsky.app#bsky_appview"
#: Lexicon app.bsky.feed.getPosts: posts in one answer.
POSTS = 25

#: Where most accounts live; another server (PDS) stands in the account's `server`.
SERVER = "https://bsky.social"
#: Where people read, whatever server an account lives on.
READER = "https://bsky.app"

#: Lexicon app.bsky.feed.post: text maxGraphemes 300, maxLength 3000 bytes. app.bsky.embed.images: 4 images, each
#: 2,000,000 bytes on new servers and 1,000,000 on older ones. Alt text has no limit there; 2,000 is the app's own.
LIMITS = Limits(text=300, text_bytes=3000, alt=2000, images=4, image_bytes=1_000_000)

#: app.bsky.embed.images: the app shows the first frame of a GIF, and nobody knows that it moved.
MOVING: str | None = "Bluesky would show nothing but its first frame"

#: app.bsky.embed.external: the client reads the page, and the record carries what it found.
CARDS = True

#: app.bsky.feed.threadgate.
REPLIES = True

#: A record can be put again, but the app shows the first one, or both: its readers never learn of the edit.
EDITS = False

#: The profile's self-label `bot`.
DISCLOSE = "In the Bluesky app, switch on the automation label: Settings, Account."

#: What `accounts add` asks for: an app password, never the account's own.
SECRETS = ("app_password",)

#: Lexicon app.bsky.feed.post: self-labels a post may carry.
LABELS = frozenset({"!no-unauthenticated", "porn", "sexual", "nudity", "graphic-media"})
#: Lexicon app.bsky.feed.post.
LANGUAGES = 3

#: A put may be repeated so long after its first intent; later, a post deleted meanwhile would come back.
REPEATABLE_FOR = timedelta(minutes=60)

#: Rate limits as (points, seconds). Source: docs.bsky.app "Rate Limits"; @atproto/pds 0.5.35.
WRITE_HOUR = (5_000, 3_600)
WRITE_DAY = (35_000, 86_400)
LOGIN_SHORT = (30, 300)
LOGIN_DAY = (300, 86_400)
UPLOAD_DAY = (1_000, 86_400)
#: What one write costs of WRITE_HOUR and WRITE_DAY.
POINTS = {"put": 2, "delete": 1}
#: A put costs the same whether it creates or not (@atproto/pds 0.5.35): the post, and who may reply to it. A look that
#: finds the post puts that second record, and so does the read-back after it. A recall deletes both.
WINDOWS = (
    *(
        Rate(
            family="points",
            limit=most,
            seconds=seconds,
            post=2 * POINTS["put"],
            look=2 * POINTS["put"],
            recall=2 * POINTS["delete"],
        )
        for most, seconds in (WRITE_HOUR, WRITE_DAY)
    ),
    Rate(family="uploads", limit=UPLOAD_DAY[0], seconds=UPLOAD_DAY[1], image=1),
)

#: An access token lives 2 h, a refresh token 90 days and is spent by its first use (@atproto/pds).
ACCESS_SECONDS = 2 * 3_600
REFRESH_SECONDS = 90 * 86_400
#: How long to wait after a 429 that does not say.
WAIT_SECONDS = 300.0
