"""Every rule there is, with its class and why it is there: what `clarion posts check --rules` and docs/checks.md show.

A new rule is a function in the file of its subject and a line here.
"""

from __future__ import annotations

from clarion.campaign.checks import (
    alphabet,
    alt,
    claims,
    hidden,
    hosts,
    money,
    numbers,
    people,
    personal,
    places,
    shape,
    victims,
)
from clarion.campaign.checks.rule import Kind, Rule

_PART: frozenset[Kind] = frozenset({"part"})
_POST: frozenset[Kind] = frozenset({"post"})
_ALT: frozenset[Kind] = frozenset({"alt"})
_WORDS: frozenset[Kind] = frozenset({"part", "warning"})

RULES: tuple[Rule, ...] = (
    # ── never: no reason changes it ───────────────────────────────────────────────────────────────────────────────
    Rule(
        id="phone", level="never", find=personal.phone, why="A telephone number can expose whoever owns it."
    ),
    Rule(
        id="e-mail", level="never", find=personal.email, why="An e-mail address can expose whoever owns it."
    ),
    Rule(id="address", level="never", find=places.address, why="A street address can lead to a person."),
    Rule(
        id="coordinates", level="never", find=places.coordinates, why="A point on a map can lead to a person."
    ),
    Rule(
        id="denied-name",
        level="never",
        find=people.denied_name,
        of=frozenset({"part", "seam", "warning", "alt"}),
        why="This person would be in danger: the name is on the campaign's list.",
    ),
    Rule(
        id="minor-age",
        level="never",
        find=people.minor_age,
        why="The age of a child, with a place and a date, is as good as a name.",
    ),
    Rule(
        id="victim-details",
        level="never",
        find=victims.victim_details,
        why="The age, the family or the manner of death of a victim leads to a person, and to those at home.",
    ),
    *(Rule(id=id_, level="never", find=find, why=why) for id_, (find, why) in claims.CLAIMS.items()),
    Rule(
        id="donate-in-russian",
        level="never",
        find=money.donate_in_russian,
        why="People in Russia risk prison for giving, so nobody is asked in Russian.",
    ),
    Rule(
        id="asks-for-money",
        level="never",
        find=money.asks_for_money,
        why="Money may go to a fraud, or betray who gave; only a call to give, for a verified recipient, asks for it.",
    ),
    Rule(
        id="bidi", level="never", find=hidden.bidi, why="People would approve other words than readers see."
    ),
    Rule(
        id="zero-width",
        level="never",
        find=hidden.zero_width,
        why="Characters that nobody sees dodge filters, or mark who copied a text.",
    ),
    Rule(
        id="mixed-script",
        level="never",
        find=hidden.mixed_script,
        why="A letter of another alphabet hides a word from readers' software, from search and from these checks.",
    ),
    Rule(
        id="control", level="never", find=hidden.control, why="Control characters are commands to machines."
    ),
    Rule(
        id="false-host",
        level="never",
        find=hosts.false_host,
        of=_WORDS,
        why="An address that looks like another one leads readers into a trap.",
    ),
    Rule(
        id="alt-missing",
        level="never",
        find=alt.missing,
        of=_ALT,
        why="Some readers would not know the picture.",
    ),
    Rule(
        id="alt-file-name",
        level="never",
        find=alt.file_name,
        of=_ALT,
        why="A file name tells readers nothing.",
    ),
    Rule(
        id="alt-image-of",
        level="never",
        find=alt.image_of,
        of=_ALT,
        why="Readers' software says “image” itself.",
    ),
    Rule(
        id="template-code",
        level="never",
        find=shape.template_code,
        why="Readers would see braces, and not what they stand for.",
    ),
    Rule(id="over-long", level="never", why="The network would refuse it, or cut it."),
    Rule(id="no-thread", level="never", why="The account takes single posts."),
    Rule(
        id="endless-thread",
        level="never",
        why="A thread of so many posts is a flood, and counts as one post.",
    ),
    Rule(id="no-link", level="never", why="The account is set to carry no links."),
    Rule(id="too-many-images", level="never", why="The network takes fewer pictures."),
    Rule(id="alt-long", level="never", why="The network would cut the alt text."),
    Rule(id="image-large", level="never", why="The network would refuse the picture."),
    Rule(
        id="moving", level="never", why="The network would refuse a picture that moves, or hide that it does."
    ),
    Rule(
        id="broken",
        level="never",
        why="The template cannot be rendered: a language, an alt text or a variable is missing, or its ledger blocks it.",
    ),
    Rule(id="ledger", level="never", why="A fact is blocked or long past its review, or a call is closed."),
    Rule(
        id="recipient", level="never", why="Money that is asked for goes to nobody but a verified recipient."
    ),
    Rule(
        id="alike-account",
        level="never",
        why="Two accounts of one network that say the same look like more people than there are.",
    ),
    # ── with a reason: --because "…", which the audit keeps ───────────────────────────────────────────────────────
    Rule(
        id="number",
        level="reason",
        find=numbers.number,
        of=_WORDS,
        why="A wrong number hurts; facts have a source.",
    ),
    Rule(
        id="unknown-domain",
        level="reason",
        find=hosts.unknown_domain,
        of=_WORDS,
        why="The campaign answers for where its links lead.",
    ),
    Rule(id="review", level="reason", why="A fact should have been reviewed, up to 90 days ago."),
    Rule(id="consent", level="reason", why="Who is told of with consent is asked before each time."),
    Rule(id="repeat-7", level="reason", why="The account said the same less than a week before or after."),
    Rule(id="link-only", level="reason", find=shape.link_only, of=_POST, why="A bare link looks like spam."),
    Rule(
        id="mention",
        level="reason",
        find=shape.mention,
        of=_WORDS,
        why="It calls somebody, and points a crowd at them.",
    ),
    Rule(id="many-tags", level="reason", find=shape.many_tags, of=_POST, why="Many tags look like spam."),
    Rule(
        id="other-alphabet",
        level="reason",
        find=alphabet.other_alphabet,
        of=_POST,
        why="A text under the wrong language reaches the wrong readers, and is read aloud as noise.",
    ),
    Rule(
        id="no-source",
        level="reason",
        find=shape.no_source,
        of=_POST,
        why="Readers must know whose word it is.",
    ),
    # ── look: nothing is asked, somebody should look ──────────────────────────────────────────────────────────────
    Rule(
        id="personal-name",
        level="look",
        find=people.personal_name,
        why="Only public figures, and those who asked for it, are named.",
    ),
    Rule(
        id="may-be-denied",
        level="look",
        find=people.may_be_denied,
        why="A surname alone may mean a person on the campaign's list, or somebody else who has it.",
    ),
    Rule(
        id="private-details",
        level="look",
        find=victims.private_details,
        why="An age, a family, a year of birth may lead to a person.",
    ),
    Rule(id="people-in-photo", level="look", why="Everybody on a photo should know that it is posted."),
    Rule(id="repeat-30", level="look", why="The account said the same less than a month before or after."),
    Rule(
        id="camps",
        level="look",
        find=shape.camps,
        why="Known are secret prisons; “camps” is right in the tag only.",
    ),
    Rule(id="emoji", level="look", find=shape.emoji, of=_WORDS, why="Screen readers say every emoji."),
    Rule(
        id="capitals",
        level="look",
        find=shape.capitals,
        of=_WORDS,
        why="Capitals shout; screen readers spell them.",
    ),
    Rule(
        id="one-count", level="look", why="Another version of the network's count says that it is too long."
    ),
    Rule(
        id="unlinked-tag",
        level="look",
        find=shape.unlinked_tag,
        of=_PART,
        why="A tag that is not linked gathers nobody.",
    ),
    Rule(id="shortener", level="look", find=hosts.shortener, of=_WORDS, why="It hides where a link leads."),
    Rule(
        id="tracking",
        level="look",
        find=hosts.tracking,
        of=_WORDS,
        why="It follows readers; it is taken out.",
    ),
    Rule(id="lone-tag", level="look", find=shape.lone_tag, of=_POST, why="The two tags belong together."),
    Rule(id="threaded", level="look", why="A text too long for one post becomes a thread."),
    Rule(id="replies", level="look", why="The network cannot limit who replies."),
    Rule(id="old-limits", level="look", why="Servers change what they take, and nobody asked for long."),
    Rule(id="long-thread", level="look", why="Few people read a long thread to its end."),
    Rule(id="no-card", level="look", why="The page behind a link gives no card, or no picture for it."),
    Rule(id="link-left-out", level="look", why="The account carries links otherwise than the text does."),
    Rule(id="nobody", level="look", why="No account takes the template in any of its languages."),
)
BY_ID: dict[str, Rule] = {rule.id: rule for rule in RULES}
