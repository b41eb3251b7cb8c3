"""Never: what has been said of Chechnya and is not so, or is said by those who did it, or games a network.

Each is blocked in content.md and in the ledger; here it is recognised in a text that somebody typed. In: a passage. Out:
remarks. English and Russian; a sentence is looked at as a whole, so patterns stay inside one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from clarion.campaign.checks.rule import Find, Passage, Remark, Spans, Standards

_IN_SENTENCE = r"[^.!?\n]{0,60}?"
#: The rest of a word, where no edge of a word need stand before its beginning: each beginning reads a little, once.
_REST = r"\w{0,30}+"
_CHECHEN = rf"(?:(?:chech|caucas|чеч)\w{_REST}|(?:вайнах|кавказ){_REST})"


def _sayings(*patterns: str) -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(pattern, re.IGNORECASE) for pattern in patterns)


def _claim(why: str, mend: str, *patterns: str) -> Find:
    """A rule that refuses whatever one of the patterns finds."""
    compiled = _sayings(*patterns)

    def find(passage: Passage, standards: Standards) -> Iterator[Remark]:
        if any(pattern.search(passage.text) for pattern in compiled):
            yield Remark(why, mend)

    return find


four_killed = _claim(
    "At least three were reported killed; “four” has no source.",
    'Say what is known: {{ fact("killed") }}, or: clarion posts facts',
    r"\b(?:four|4)\b(?:\s+(?:of them|gay|young|other|innocent|men|people|persons|victims|chechens|lgbt\w*|have|has|had|been|were|was|"
    r"are|is|reported|reportedly|already|confirmed|known|dead|brutally)){0,6}\s+(?:killed|murdered|dead|died|deaths?|killings|murders|"
    r"executed|executions)\b",
    r"\b(?:killed|killing|murdered|murdering|murders? of|deaths? of|executed)\s+(?:at least |about |some |up to )?(?:four|4)\b(?!\s*(?:april|may|june))",
    r"\b(?:четверо|четверых|четырёх|четырех|четыре|4)\s+(?:\w+\s+){0,3}(?:убит\w*|погиб\w*|казн[её]н\w*)",
    r"\b(?:убит[оы]?|убили|погибл[ио]|погиб|казнили|убийств\w{0,3})\s+(?:\w+\s+){0,2}(?:четверо|четверых|четырёх|четырех|4)\b",
)
genocide = _claim(
    "No court and no source of the ledger calls it genocide.",
    "Say what was found: torture, killings, persecution, each with its source.",
    r"\bgenocid\w*",
    r"\bгеноцид\w*",
)
six_prisons = _claim(
    "No source of the ledger gives a number of prisons.",
    "Write “secret prisons”, without a number.",
    r"\b(?:six|6)\s+(?:\w+\s+){0,2}(?:prisons?|camps?|jails?|detention\s+(?:cent(?:re|er)s?|sites?|facilities)|torture\s+\w+)\b",
    r"\b(?:шесть|шести|шестью|6)\s+(?:\w+\s+){0,2}(?:тюр\w+|лагер\w+|застенк\w+|изолятор\w+|мест\w*\s+содержания)",
)
before_ramadan = _claim(
    "No source of the ledger says it, and it ties a crime to a faith.",
    "Leave the date out.",
    r"\b(?:before|by|until|till|ahead\s+of|prior\s+to)\s+(?:the\s+)?(?:(?:start|beginning|end|month)\s+of\s+)?(?:the\s+)?ramad[ah]\w*",
    r"\b(?:до|перед|к)\s+(?:(?:начал\w|конц\w|окончани\w|священн\w+|месяц\w{0,2})\s+){0,3}рамада\w+",
)
honour_killings = _claim(
    "It makes a trait of a people of what some did.",
    "Say who did what; blame nobody's people or faith.",
    rf"\bhonou?r[- ]?killings?\b{_IN_SENTENCE}(?:{_CHECHEN}|traditions?|customs?|cultur\w+|societ\w+|muslim\w*|islam\w*)",
    rf"(?:{_CHECHEN}|\btraditions?|\bcustoms?|\bcultur\w+|\bsociet\w+|\bmuslim\w*|\bislam\w*)\b{_IN_SENTENCE}honou?r[- ]?killings?\b",
    rf"убийств\w{{0,3}}\s+(?:во\s+имя\s+|ради\s+)?чести\b{_IN_SENTENCE}(?:{_CHECHEN}|традици\w+|обыча\w+|культур\w+|мусульман\w+)",
    rf"(?:{_CHECHEN}|(?:традици|обыча|культур|мусульман)\w{_REST}){_IN_SENTENCE}убийств\w{{0,3}}\s+(?:во\s+имя\s+|ради\s+)?чести\b",
)
burke = _claim(
    "The quotation is not by Burke; nobody knows whose it is.",
    "Say it in your own words.",
    r"\b(?:necessary|needed|needs|takes|required)\b[^.!?\n]{0,30}\b(?:evil\s+to\s+(?:triumph|succeed|prevail|win|flourish)|triumph\s+of\s+evil)\b",
    r"\bevil\s+(?:to\s+)?(?:triumphs?|prevails?|succeeds?|wins?|flourish\w*)\b[^.!?\n]{0,40}\bdo(?:ing)?\s+nothing\b",
    r"\bgood\s+(?:men|people|women|folk)\s+(?:to\s+)?do(?:ing)?\s+nothing\b",
    r"\b(?:торжеств\w+|победы|победил\w?)\s+зла\b",
    r"\bзло\s+(?:\w+\s+)?(?:восторжеств\w+|побежда\w+|победило)\b",
    r"\bхороши\w+\s+люд\w+\s+(?:\w+\s+){0,2}(?:ничего\s+не\s+дела\w+|бездейств\w+)",
)
prohibited_in_russia = _claim(
    "It was not prohibited in 2017, and is not now: a court called a movement extremist.",
    'Say what is so: {{ fact("ban") }}, or: clarion posts facts',
    r"\b(?:homosexuality|being\s+(?:gay|lesbian|lgbt\w*|homosexual))\s+(?:is|was|remains|became|has\s+been)\s+(?:still\s+|now\s+|officially\s+)?"
    r"(?:prohibited|illegal|banned|outlawed|forbidden|criminali[sz]ed|a\s+crime|against\s+the\s+law|punishable)\b[^.!?\n]{0,40}\b(?:russia\w*|there)\b",
    r"\bin\s+russia\b,?\s+(?:homosexuality|being\s+(?:gay|lesbian|homosexual))\s+(?:is|was)\s+(?:prohibited|illegal|banned|outlawed|forbidden|a\s+crime)",
    r"\brussia\s+(?:has\s+)?(?:prohibit|ban|outlaw|forbid|criminali[sz]e)\w*\s+homosexuality\b",
    r"\bгомосексуал\w+\b[^.!?\n]{0,40}\b(?:запрещ\w+|вне\s+закона|незаконн\w+|преступлени\w+|карается|уголовно\s+наказуем\w+)",
    r"\b(?:запрет|запрещ\w+|запретил\w?)\b[^.!?\n]{0,15}\bгомосексуал\w+",
)
help_it_trend = _claim(
    "The campaign asks people to look; it does not ask them to game a network.",
    "Ask for one honest thing: read it, tell one person, write to somebody.",
    r"\b(?:help|make|get|keep|let'?s|lets|push)\b[^.!?\n]{0,40}\b(?:trend(?:ing)?|viral)\b",
    r"\btrend(?:ing)?\s+(?:worldwide|tonight|today|now|topic)\b",
    r"\bgo(?:es)?\s+viral\b",
    r"\bв\s+тренд\w*|\bв\s+топ\b|\bзавирус\w+",
)
protest_cause = _claim(
    "It is false that the Network's application for a protest was the cause.",
    "Leave the cause out: those who detained people are answerable for it.",
    r"\b(?:application|request|permit|applied|applying|asked)\b[^.!?\n]{0,50}\b(?:protest|parade|pride|march|rally|demonstration)\w*[^.!?\n]{0,50}"
    r"\b(?:caus\w+|trigger\w+|led\s+to|sparked|provok\w+|started|set\s+off|unleash\w+)",
    r"\b(?:caused|triggered|sparked|provoked|set\s+off|because\s+of)\b[^.!?\n]{0,50}\b(?:applications?|requests?|permits?)\s+(?:for|to)\b[^.!?\n]{0,30}"
    r"\b(?:protest|parade|pride|march|rally|demonstration)",
    r"\bзаяв\w+[^.!?\n]{0,50}\b(?:парад|шестви|митинг|акци|прайд)\w*[^.!?\n]{0,50}\b(?:вызвал\w*|спровоцир\w+|прив[её]л\w*|стал\w?\s+причин\w+|причин\w+)",
    r"\b(?:из-за|причин\w+|спровоцир\w+|вызвал\w*)\b[^.!?\n]{0,50}\bзаяв\w+[^.!?\n]{0,30}\b(?:парад|шестви|митинг|акци|прайд)",
)

_OFFICIAL = r"(?:kadyrov\w*|karimov\w*|daudov\w*|кадыров\w*|каримов\w*|даудов\w*)"
_OFFICIALS = rf"(?:{_OFFICIAL}|chechen\s+(?:leader|officials?|spokes\w+|authorities)|чеченск\w+\s+(?:власт\w+|чиновник\w*|лидер\w*))"
_QUOTE = r"[“\"«„][^”\"»“\n]{3,300}[”\"»“]"
_SAYS = r"(?:said|says|saying|told|claimed|called|replied|declared|answered|заявил\w*|сказал\w*|назвал\w*|ответил\w*|говорил\w*)"
perpetrators_words = _claim(
    "Those who did it, or defended it, are not quoted: their words degrade people.",
    'Say only that they denied it: {{ fact("denial") }}',
    rf"\b{_OFFICIALS}\b[^.!?\n]{{0,60}}{_QUOTE}",
    rf"{_QUOTE},?\s*+(?:{_SAYS}\s++)?(?:\w++\s++){{0,3}}{_OFFICIALS}\b",
    r"\b(?:people|men|those|someone|anyone)\s+(?:who|that)\s+(?:simply\s+|just\s+)?(?:do\s+not|don['’]t|does\s+not|doesn['’]t)\s+exist\b",
    r"\b(?:no\s+gays?|no\s+such\s+people|no\s+homosexuals)\s+(?:here|in\s+chechnya|among\s+(?:us|chechens))\b",
    r"\b(?:do\s+not|don['’]t)\s+have\s+(?:any\s+)?(?:gays?|such\s+people|homosexuals|those\s+kinds?)\b",
    r"\b(?:cleans|purif)\w+\s+(?:our|the|chechen)\s+blood\b",
    r"\b(?:у\s+нас|в\s+чечне)\s+(?:\w+\s+){0,2}нет\s+(?:геев|таких|гомосексуал\w+|этих)",
    r"\bнет\s+(?:геев|таких\s+людей|гомосексуал\w+)\s+(?:у\s+нас|в\s+чечне|среди\s+чеченцев)",
    r"\b(?:кого|которых)\s+(?:\w+\s+)?(?:просто\s+)?(?:нет|не\s+существует)\s+в\s+(?:республике|чечне)",
    r"\bоткуда\s+не\s+возвраща\w+|\bочисти\w*\s+(?:нашу\s+|свою\s+)?кровь",
)

_COUNT = r"\d[\d.,\s]{0,12}(?:k|m|тыс\.?|млн\.?|thousand|million)?\s*+\+?"
_COUNTS = _sayings(
    rf"(?<![\w.,]){_COUNT}\s*+(?:(?:people|supporters|of\s+us|человек\w?)\s+)?(?:have\s+|has\s+|already\s+|уже\s+)*"
    r"(?:views|viewers|signatures|signatories|signed|watched|shares|retweets|просмотр\w*|подпис\w+|посмотрел\w*|репост\w*)\b",
    rf"\b(?:signed|watched|viewed|seen)\s+(?:by\s+)?(?:over\s+|more\s+than\s+|nearly\s+|almost\s+)?{_COUNT}(?:\s+(?:people|times))?",
    rf"\b(?:просмотрел\w*|подписал\w*|собрал\w*)\s+(?:уже\s+|более\s+|свыше\s+|почти\s+)*{_COUNT}\s*+(?:раз|человек|подпис\w*|просмотр\w*)",
)
_YEAR = re.compile(r"\b(?:19|20)\d\d\b")
_SENTENCE = re.compile(r"[^.!?\n]*(?:[.!?\n]|\Z)")


def undated_count(passage: Passage, standards: Standards) -> Iterator[Remark]:
    """Views and signatures as if they were counted today. What a fact says of them has its year."""
    vouched = Spans(passage.vouched)
    for sentence in _SENTENCE.finditer(passage.text):
        if not sentence[0] or _YEAR.search(sentence[0]):
            continue
        for pattern in _COUNTS:
            found = pattern.search(passage.text, *sentence.span())
            if found and not vouched.hold(found.span()):
                yield Remark(
                    f'"{found[0].strip()[:30]}" counts views or signatures as if it were today.',
                    "Say in which year, from a fact, or leave the count out.",
                )
                return


_GIVE_RU = _sayings(
    r"\b(?:по)?жертву(?:й|йте|ем|ю|ет|ют)\b|\bпожертвова(?:ть|ни\w{1,3}|нь\w)\b|\b(?:за)?дона(?:т\w{0,3}|ть\w*|тьте)\b|\bзадонат\w+",
    r"\b(?:перевед|перечисл|скин|отправ|присыла|переводи|помоги)\w*\s+(?:\w+\s+){0,2}(?:деньг\w*|средств\w*|рубл\w*|сумм\w+|крипт\w+|биткоин\w*)",
    r"\bпомо(?:чь|гите|ги)\s+(?:деньгами|рубл[её]м|финансово|материально)|\bподдерж\w+\s+(?:\w+\s+){0,2}(?:деньгами|рубл[её]м|финансово|материально)",
    r"\b(?:сбор|собира\w+|соб[её]р\w+)\s+(?:\w+\s+)?(?:средств\w*|деньг\w*|денег|пожертвован\w+)|\bреквизит\w+|\bномер\s+(?:карты|сч[её]та|кошелька)",
    r"\b(?:patreon|boosty|paypal|donorbox|gofundme|donationalerts|cloudtips|yoomoney|ko-fi|liberapay|opencollective)\.\w{2,4}\b",
    r"https?://[^\s]{0,200}?/(?:donate|donation|give|pozhertv\w*)\b",
)
_NOT_RU = re.compile(r"\b(?:не|нельзя|никогда|без)\s+(?:[\w]+,?\s+(?:и\s+|или\s+)?){0,4}$", re.IGNORECASE)
_CYRILLIC = re.compile(r"[А-Яа-яЁё]")


def donate_in_russian(passage: Passage, standards: Standards) -> Iterator[Remark]:
    """An ask for money that people in Russia may read: whoever gives there risks prison. A warning not to is welcome."""
    if passage.language.partition("-")[0] != "ru" and not _russian(passage.text):
        return
    for pattern in _GIVE_RU:
        for found in pattern.finditer(passage.text):
            if not _NOT_RU.search(passage.text[max(found.start() - 80, 0) : found.start()]):
                yield Remark(
                    f'"{found[0].strip()[:30]}" asks for money in Russian; whoever gives in Russia risks prison.',
                    "Take the ask out of the Russian text.",
                )
                return


def _russian(text: str) -> bool:
    letters = sum(map(str.isalpha, text))
    return bool(letters) and 2 * len(_CYRILLIC.findall(text)) > letters


#: Every claim by its id, with what the table says of it.
CLAIMS: dict[str, tuple[Callable[[Passage, Standards], Iterator[Remark]] | Find, str]] = {
    "four-killed": (four_killed, "At least three were reported killed; a fourth has no source."),
    "genocide": (genocide, "No source finds it, and a wrong word is used against those who tell the truth."),
    "six-prisons": (six_prisons, "No source gives a number of prisons."),
    "before-ramadan": (before_ramadan, "No source says it, and it ties a crime to a faith."),
    "honour-killings": (honour_killings, "It blames a people for what some did."),
    "burke": (burke, "The quotation about the triumph of evil is not by Burke."),
    "prohibited-in-russia": (prohibited_in_russia, "Homosexuality was not prohibited in Russia in 2017."),
    "undated-count": (undated_count, "Views and signatures of 2017 are no counts of today."),
    "help-it-trend": (help_it_trend, "The campaign asks people to look, not to game a network."),
    "protest-cause": (protest_cause, "An application for a protest was not the cause."),
    "perpetrators-words": (
        perpetrators_words,
        "The words of those who did it degrade people, and are not spread.",
    ),
}
