"""How a post is made: a link and nothing else, tags and mentions, capitals, emoji, a word better avoided.

In: a passage, or a whole post as one. Out: remarks. None of these harms by itself; together they make a post that
nobody trusts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import regex

from clarion import networks
from clarion.campaign.checks.rule import Passage, Remark, Spans, Standards, links
from clarion.campaign.domains import outside

_TAG = re.compile(r"(?<![\w&/])[#＃](\w*[^\W\d_]\w*)")
_MENTION = re.compile(r"(?<![\w.@/＠+%-])[@＠]([A-Za-z0-9_][\w.-]*(?:@[\w-]+(?:\.[\w-]+)+)?)")
_LETTER = re.compile(r"[^\W\d_]")
#: So many letters beside links, tags and mentions make a sentence.
_A_FEW = 12
#: What begins an expression, a statement or a comment of a template, and a few letters of it.
_CODE = re.compile(r"\{[{%#][^\n{}]{0,24}")
_MOST_EMOJI = 2
_EMOJI = regex.compile(
    r"\p{Regional_Indicator}{2}|[0-9#*]\ufe0f?\u20e3"
    r"|(?:\p{Emoji_Presentation}|(?=\P{ASCII})\p{Emoji}\ufe0f|\p{Emoji_Modifier_Base}\p{Emoji_Modifier}"
    r"|[\U0001F000-\U0001FAFF\U0001FB00-\U0001FFFF--\U0001FB00-\U0001FBFF])"
    r"[\ufe0f\p{Emoji_Modifier}\U000e0020-\U000e007f]*+(?:\u200d\p{Extended_Pictographic}[\ufe0f\p{Emoji_Modifier}]*+)*+",
    regex.VERSION1,
)
_CAPS = re.compile(r"(?<![\w#＃@＠/.-])[^\W\d_a-zа-яё]{3,}(?![\w])")
#: Names of bodies and things that are written so.
_KNOWN = """
    AFP AIDS ASAP BBC CNN CPJ CPT CSO CW DOI DPA ECHR ECRE EEAS EU FAQ FIDH FSB GMT CET CEST UTC MSK HIV
    HRC HRF HRW ICC ICJ IDAHO IDAHOBIT IDAHOT ILGA ISBN ISO LGB LGBT LGBTI LGBTQ LGBTQI LGBTQIA MEP MEPS
    NATO NGO NGOS NPR ODIHR OHCHR OSCE PACE PDF PEN PRIDE QR RFE RL RFERL RUSA SOS NC TBC TJ TV UAE UK
    UN UNHCR URL USA USSR WHO АНО БДИПЧ ВИЧ ГРУ ЕСПЧ ЕС КНР ЛГБТ ЛГБТК ЛГБТИ МВД МИД МСК НАТО НКО НПО
    ОБСЕ ООН ОМОН ПАСЕ РАН РИА РСФСР РФ СИЗО СК СМИ СНГ СПИД СССР США СОБР ТАСС УВД УВКБ УК ФБР ФСБ ФСИН
    ЦИК ЧР ЧГТРК
"""
ACRONYMS = frozenset(_KNOWN.split())
_CAMPS = re.compile(r"(?<![\w#＃])(?:camps?|лагер(?:ь|я|ю|е|ем|и|ей|ям|ями|ях))(?!\w)", re.IGNORECASE)


def link_only(passage: Passage, standards: Standards) -> Iterator[Remark]:
    """A post that is a link and says nothing."""
    found = links(passage.text)
    if not found:
        return
    rest = " ".join(passage.text[start:end] for start, end in outside(passage.text, found))
    rest = _MENTION.sub(" ", _TAG.sub(" ", rest))
    if len(_LETTER.findall(rest)) < _A_FEW:
        yield Remark(
            "This is a link and hardly a word: readers do not know what awaits them.",
            "Say in a sentence what it is and whose it is.",
        )


def mention(passage: Passage, standards: Standards) -> Iterator[Remark]:
    """Somebody's handle: they are called, and all who dislike the campaign are shown whom to go for."""
    away = Spans((link.start, link.end) for link in links(passage.text))
    for found in _MENTION.finditer(passage.text):
        handle = found[1].rstrip(".-").casefold()
        if handle not in standards.handles and not away.hold((found.start(), found.start() + 1)):
            yield Remark(f"@{handle} is called, and shown to everybody.", "Write the name without @.")


def template_code(passage: Passage, standards: Standards) -> Iterator[Remark]:
    """Braces of a template in what readers would see: nobody filled them in."""
    if found := _CODE.search(passage.text):
        yield Remark(
            f"“{found[0].strip()}” would go out as it stands there: templates alone fill in what is between braces.",
            "Say it in words: clarion posts facts. Or write a post that prints it: clarion posts new",
        )


def many_tags(passage: Passage, standards: Standards) -> Iterator[Remark]:
    """More than one tag beyond the campaign's own."""
    own = {tag.lstrip("#").casefold() for tag in standards.tags}
    more = dict.fromkeys(
        tag for tag in _TAG.findall(_without_links(passage.text)) if tag.casefold() not in own
    )
    if len(more) > 1:
        shown = ", ".join(f"#{tag}" for tag in list(more)[:4])
        yield Remark(f"{shown}: one tag beside the campaign's own is enough.", "Keep one of them.")


def no_source(passage: Passage, standards: Standards) -> Iterator[Remark]:
    """A template that says something, and nowhere whose word it is."""
    if not passage.grounded and not passage.source:
        yield Remark("Nothing says whose word this is.", 'Name it in post.toml: source = "…"')


def camps(passage: Passage, standards: Standards) -> Iterator[Remark]:
    """Camps, as a word of ours; in the tag it is history."""
    if found := _CAMPS.search(passage.text):
        yield Remark(
            f"“{found[0]}” is what the tag says; what is known are secret prisons.",
            "Write “secret prisons” or “unofficial detention”.",
        )


def emoji(passage: Passage, standards: Standards) -> Iterator[Remark]:
    """Many emoji: screen readers read out each of them, and the subject is torture."""
    count = sum(1 for _ in _EMOJI.finditer(passage.text))
    if count > _MOST_EMOJI:
        yield Remark(f"There are {count} emoji; screen readers say every one.", "Keep two at most.")


def capitals(passage: Passage, standards: Standards) -> Iterator[Remark]:
    """Words in capitals: they shout, and screen readers may spell them."""
    shouted = [
        word for word in _CAPS.findall(_without_links(passage.text)) if word not in ACRONYMS and _cased(word)
    ]
    if shouted:
        shown = ", ".join(dict.fromkeys(shouted[:3]))
        yield Remark(
            f"{shown}: capitals shout, and screen readers may spell them.", "Write it in small letters."
        )


def unlinked_tag(passage: Passage, standards: Standards) -> Iterator[Remark]:
    """A tag that this network would leave as plain text, or link as something longer."""
    if passage.network is None:
        return
    linked = {
        (facet.start, facet.value.casefold())
        for facet in networks.text(passage.network).facets(passage.text)
        if facet.kind == "tag"
    }
    away = Spans((link.start, link.end) for link in links(passage.text))
    at = byte = 0
    for found in _TAG.finditer(passage.text):
        byte += len(passage.text[at : found.start()].encode())
        at = found.start()
        if away.hold((at, at + 1)) or (byte, found[1].casefold()) in linked:
            continue
        title = networks.options(passage.network).TITLE
        yield Remark(
            f"{title} would not link #{found[1]} as it stands there.", "Put a space before it and after it."
        )


def lone_tag(passage: Passage, standards: Standards) -> Iterator[Remark]:
    """One of the campaign's two tags without the other: #CloseTheCamps is used for other causes too."""
    there = {tag.casefold() for tag in _TAG.findall(_without_links(passage.text))}
    if "closethecamps" in there and "eyesonchechnya" not in there:
        yield Remark("#CloseTheCamps stands alone, and other causes use it too.", "Add #EyesOnChechnya.")


def _without_links(text: str) -> str:
    return "\n".join(text[start:end] for start, end in outside(text, links(text)))


def _cased(word: str) -> bool:
    """Whether its script has small letters at all."""
    return word.lower() != word
