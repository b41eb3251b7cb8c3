"""What X charges, in millionths of a US dollar. Pure.

In: what is to appear. Out: what publishing it costs. The figures stand here alone.
Source: docs.x.com, "Pricing" (pay per use, August 2026).
"""

from __future__ import annotations

from clarion.model import Part, Payload
from clarion.networks.x.links import links

#: A create; a create whose text has a URL, also one that only X makes a link of.
POST = 15_000
POST_WITH_URL = 200_000
#: A read of one's own post: each look for a post, and reading back each that was sent.
READ = 1_000
#: POST /2/media/metadata: the alt text of one image.
ALT = 5_000


def price(payload: Payload) -> int:
    """What publishing a post costs, part by part, each read back once."""
    return sum(part_price(part) for part in payload.parts)


def part_price(part: Part) -> int:
    """What one part costs: its create, its images' alt texts, its read-back."""
    return (POST_WITH_URL if links(part.text) else POST) + upload_price(part) + READ


def upload_price(part: Part) -> int:
    """What of it is spent before the create: a create that X refuses does not give it back."""
    return ALT * sum(bool(media.alt) for media in part.media)
