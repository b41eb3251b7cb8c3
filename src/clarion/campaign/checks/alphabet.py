"""With a reason: a text in the letters of another language than the one it is called.

In: a whole post. Out: remarks. Its language decides who is shown it and how it is read aloud, and in Russian what is folded
away and refused; `say` without --lang takes the campaign's first. Letters tell the alphabet, and not the language.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from clarion.campaign.checks.rule import Passage, Remark, Standards, links
from clarion.campaign.domains import outside

#: Languages written in Cyrillic: a text does not say which language it is in, but its letters tell the script.
CYRILLIC = frozenset({"be", "bg", "ce", "kk", "ky", "mk", "mn", "ru", "sr", "tg", "uk"})
#: Those of them that are also written in Latin letters.
_BOTH = frozenset({"kk", "sr"})
_CYRILLIC, _LATIN = re.compile(r"[\u0400-\u052f]"), re.compile(r"[A-Za-z\u00c0-\u024f]")
_UKRAINIAN = re.compile(r"[іїєґ]", re.IGNORECASE)
_TAG = re.compile(r"[#@]\w[\w.@-]*+")
#: Names of groups and bodies stay in Latin letters in a Russian text, and can be longer than what is said of them.
_NAMES = 3
#: Fewer letters are a name or a greeting.
_A_FEW = 12


def other_alphabet(passage: Passage, standards: Standards) -> Iterator[Remark]:
    """Most of its letters are not those of its language. Links, tags and handles are written in any."""
    text = passage.text
    said = _TAG.sub(" ", "\n".join(text[start:end] for start, end in outside(text, links(text))))
    cyrillic, latin = len(_CYRILLIC.findall(said)), len(_LATIN.findall(said))
    language = passage.language.partition("-")[0]
    if cyrillic + latin < _A_FEW:
        return
    if cyrillic > latin and language not in CYRILLIC:
        like, code = ("Ukrainian", "uk") if _UKRAINIAN.search(said) else ("Russian", "ru")
    elif latin > _NAMES * cyrillic and language in CYRILLIC - _BOTH:
        like, code = "English", "en"
    else:
        return
    yield Remark(
        f'It is called "{passage.language}", and by its letters it looks {like}.',
        f"Name its language: --lang {code}; in a template, write it into {code}.md",
    )
