"""Never: views and signatures of 2017 told as if they were counted today.

In: a passage, read as its skeleton. Out: remarks. What a fact says of them has its year.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from clarion.campaign.checks.rule import Passage, Remark, Spans, Standards
from clarion.campaign.checks.saying import compiled, sentence_at
from clarion.campaign.skeleton import skeleton

_COUNT = (
    r"(?:\d[\d.,\s]{0,12}+(?:k|m|тыс\.?|млн\.?|thousand|million|тысяч\w*|миллион\w*)?\s{0,2}+\+?|(?:hundreds?|thousands?|tens|millions?|half a million|a million)"
    r"(?: of (?:hundreds|thousands|millions))?(?: of)?|(?:сотни|десятки|тысячи|миллион\w*)(?: тысяч| миллионов)?)"
)
_COUNTS = (
    (
        rf"(?<![\w.,]){_COUNT}\s{{0,2}}(?:(?:people|supporters|persons|of (?:us|you|people)|человек\w?|людей) )?(?:(?:have|has|had|already|now|уже) ){{0,3}}"
        r"(?:views|viewers|signatures|signatories|signed|watched|viewed|shares|retweets|likes|reposts|просмотр\w*|подпис\w+|посмотре\w*|репост\w*|лайк\w*)\b"
    ),
    rf"\b(?:signed|watched|viewed|seen|shared|liked) (?:by )?(?:(?:over|more than|nearly|almost|already|about) )?{_COUNT}(?:\s{{0,2}}(?:people|times|persons))?",
    rf"\b(?:signatures?|views?|просмотр\w*|подпис(?:ей|и|ь))\s?[:=-]\s?{_COUNT}",
    rf"\b(?:по|про)?(?:смотрел\w*|подписал\w*|собрал\w*|набрал\w*) (?:(?:уже|более|свыше|почти|около|петиция|видео|его|ее) ){{0,3}}{_COUNT}\s{{0,2}}(?:раз|человек|людей|подпис\w*|просмотр\w*|лайк\w*)",
)
_YEAR = re.compile(r"\b(?:19|20)\d\d\b")
_COUNTED_THINGS = (
    "view",
    "sign",
    "watch",
    "seen",
    "share",
    "tweet",
    "like",
    "repost",
    "просмотр",
    "подпис",
    "смотрел",
    "репост",
    "брал",
    "лайк",
)


def undated_count(passage: Passage, standards: Standards) -> Iterator[Remark]:
    """Views and signatures as if they were counted today. What a fact says of them has its year."""
    plain = skeleton(passage.text)
    if not any(each in plain.small for each in _COUNTED_THINGS):
        return
    vouched = Spans(passage.vouched)
    for pattern in _COUNTS:
        for found in compiled(pattern).finditer(plain.small):
            dated = _YEAR.search(plain.small, *sentence_at(plain.small, *found.span()))
            if not dated and not vouched.hold(plain.span(*found.span())):
                yield Remark(
                    f'"{found[0].strip()[:30]}" counts views or signatures as if it were today.',
                    "Say in which year, from a fact, or leave the count out.",
                )
                return
