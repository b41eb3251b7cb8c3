"""Names, codes and addresses as they must be, whether config.toml says them or a person types them.

In: a word. Out: the same, put in order; or a CampaignError that shows how it is written.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import tzinfo

from clarion.campaign.nearest import did_you_mean
from clarion.errors import CampaignError
from clarion.model import origin_of

NAME = re.compile(r"[a-z0-9-]{1,40}")
LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Z][A-Za-z]{1,3})?")
SERVER = re.compile(r"https://[^\s/?#@]+")


def new_id() -> str:
    """A campaign id for `clarion init`: random and short, because it names a folder on every machine."""
    from secrets import token_hex

    return token_hex(4)


def name(typed: str) -> str:
    """A campaign's name without spaces around it. CampaignError where it is empty or not one line."""
    tidy = typed.strip()
    if not tidy or any(unicodedata.category(char) in ("Cc", "Zl", "Zp") for char in tidy):
        raise CampaignError("a campaign's name is one line of text", 'write it like this: "Eyes on Chechnya"')
    return tidy


def account(typed: str) -> str:
    """A name for an account or a person in config.toml. CampaignError where it has other than a-z, 0-9 and -."""
    if not NAME.fullmatch(typed):
        raise CampaignError(
            f"“{typed}” may have small letters a-z, digits and - only", "for example: mastodon"
        )
    return typed


def language(typed: str) -> str:
    """A language's code. CampaignError where it is none, as in "klingon"."""
    if not LANGUAGE.fullmatch(typed):
        raise CampaignError(f"“{typed}” is not a language code", "codes have two or three letters: en, ru")
    return typed


def server(typed: str) -> str:
    """A server's address in its one spelling; https:// may be left out. CampaignError where it has more than a host, or a space."""
    address = origin_of((typed if "://" in typed else f"https://{typed}").rstrip("/"))
    if not SERVER.fullmatch(address):
        raise CampaignError(
            "a server is https:// and a host, nothing more", "for example: https://mastodon.social"
        )
    return address


def zone(typed: str) -> tzinfo:
    """A time zone by its IANA name, as in Europe/Berlin."""
    from zoneinfo import ZoneInfo, available_timezones

    try:
        return ZoneInfo(typed)
    except (OSError, ValueError, LookupError) as error:
        raise CampaignError(
            f'there is no time zone "{typed}"',
            did_you_mean(typed, available_timezones(), 'write it like this: zone = "Europe/Berlin"'),
        ) from error
