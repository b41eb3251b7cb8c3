"""A link card in the campaign's own words: what stands below a link where the network lets who posts make the card.

In: `[link_card]` of a template's post.toml, or `link_card` of a call in posts/calls.toml. Out: a `LinkCard`, its words
per language and the file of its picture. What is written here is never fetched.
"""

from __future__ import annotations

import msgspec

from clarion.campaign.toml import Table


class LinkCard(Table, frozen=True, kw_only=True):
    """Title, description and picture of a link's card; only the title is needed.

    `image` is a file beside the TOML file that names it. Networks show no alt text of it: the title says what it is.
    """

    title: dict[str, str]
    description: dict[str, str] = msgspec.field(default_factory=dict)
    image: str | None = None

    def words(self, language: str) -> dict[str, str]:
        """What is written in a language, by the names "title" and "description"; nothing where there is no title."""
        if not self.title.get(language):
            return {}
        parts = {"title": self.title, "description": self.description}
        return {name: written[language] for name, written in parts.items() if written.get(language)}
