"""Never, and look: what leads to a victim, or to those at home. The age, the family, how somebody died.

In: a passage, read as its skeleton. Out: remarks. *Never* is what is clear: somebody's brother was detained, the age of
somebody who was killed, how he died. *Look* is the rest: an age alone, a family near an arrest. What a fact says was decided.
"""

from __future__ import annotations

from collections.abc import Iterator

from clarion.campaign.checks.ages import ages
from clarion.campaign.checks.rule import Passage, Remark, Spans, Standards
from clarion.campaign.checks.saying import WITHIN, Saying, compiled, saying, sentence_at, words
from clarion.campaign.skeleton import Skeleton, skeleton

_HARMED = (
    r"(?:kill(?:ed|ing)|murder\w*|detain\w*|tortur\w*|abduct\w*|kidnap\w*|disappear\w*|(?:went|gone|is|was|are) missing|arrest\w*|imprison\w*|"
    r"(?:is|was|are|were|found) dead|died|victims?|beaten|held|taken away|jailed|executed|vanished|seized|shot (?:him|her|dead))"
)
_HARMED_RU = (
    r"(?:уби(?:т|л|ва|йств)\w*|погиб\w*|задерж\w+|пыт(?:ал|к|ок)\w*|похи(?:щ|т)\w+|пропал\w*|исчез\w*|арест\w+|жертв(?:а|ы|у|ой|е)?\b|"
    r"изби(?:т|л|ва)\w*|удержива\w+|казн\w+|умер\w*|забрали|увезли|посадили)"
)
_KIN = (
    r"(?:mother|father|mum|mom|dad|brother|sister|son|daughter|wife|husband|uncle|aunt|cousin|nephew|niece|grand(?:mother|father|son|daughter)|"
    r"fianc[e]{1,2}|widow|widower|stepfather|stepmother|twin)"
)
_KIN_RU = (
    r"(?:мать|матери|матерью|мам[аыуе]|мамой|отец|отца|отцу|отцом|отце|брат(?:а|у|ом|е)?|сестр(?:а|ы|у|ой|е)|сын(?:а|у|ом|е)?|доч(?:ь|ери|ерью|ка|ку|ки)|"
    r"жен(?:а|ы|у|ой|е)|муж(?:а|у|ем|е)?|дяд(?:я|ю|и|ей|е)|тет(?:я|ю|и|ей|ка|ку)|племянни\w{1,4}|внук(?:а|у|ом)?|дед(?:а|у|ом)?|бабушк\w{1,2}|"
    r"вдов(?:а|ы|у|ой|е)|родител(?:и|ей|ям|ями)|невест(?:а|ы|у|ой|е)|жених(?:а|у|ом)?)"
)
_WHOSE = r"(?:(?:his|her|their|my|our|whose|your)|\w{2,30}+'s|the (?:victim|detainee|survivor|man)'?s)"
_WHOSE_RU = r"(?:его|ее|их|мой|моего|моему|моя|мою|моей|наш\w{0,3}|чей|чья|чьего|чью)"
_ONE_HARMED = r"(?:victim|detainee|survivor|(?:killed|dead|murdered|detained|tortured|missing|abducted|arrested) (?:man|boy|person|guy|singer|one))"
_ONE_HARMED_RU = r"(?:убитого|погибшего|задержанного|пропавшего|похищенного|арестованного|жертвы|казненного|исчезнувшего|выжившего)"
_FAMILY = (
    saying(
        "mother father mum mom dad brother sister son daughter wife husband uncle aunt cousin nephew niece grand fianc widow twin family relative parents",
        rf"\b{_WHOSE} (?:{words(2)}){_KIN}s? (?:{words(5)}){_HARMED}\b",
        rf"\b{_HARMED} (?:{words(4)}){_WHOSE} (?:{words(2)}){_KIN}s?\b",
        rf"\b{_KIN} of (?:{words(2)}){_ONE_HARMED}\b|\b{_ONE_HARMED}'?s (?:{words(2)})(?:{_KIN}|family|parents|relatives)\b",
        rf"\b{_KIN} (?:who|that) (?:{words(2)})(?:kill|murder|strangl|shot)\w*|\b(?:parents|family|relatives) of (?:a|the|one) {_ONE_HARMED}\b",
        rf"\b{_HARMED} by (?:his|her|their|its) (?:own )?(?:{words(1)})(?:{_KIN}|family|relatives|kin|clan|uncles|brothers|cousins)\b",
    ),
    saying(
        "родител мать матер мам отец отц брат сестр сын доч жен муж дяд тет племян внук дед бабушк вдов невест жених",
        rf"\b{_WHOSE_RU} (?:{words(2)}){_KIN_RU} (?:{words(5)}){_HARMED_RU}",
        rf"\b{_HARMED_RU} (?:{words(3)}){_WHOSE_RU} (?:{words(2)}){_KIN_RU}\b",
        rf"\b{_KIN_RU} (?:{words(1)}){_ONE_HARMED_RU}\b|\b(?:у|для) {_ONE_HARMED_RU} (?:{words(2)}){_KIN_RU}\b",
        rf"\b{_KIN_RU} (?:{words(2)}){_HARMED_RU} (?:{words(3)})(?:сам|сама|собственн\w+)",
    ),
)
_HOW = (
    r"(?:strangl\w+|hanged|was hung|beheaded|decapitated|stabbed|shot (?:dead|him|her|in the \w+)|(?:was|were|been|be) shot|burn(?:ed|t) (?:alive|to death)|"
    r"(?:was|were|been) (?:burned|burnt|drowned|poisoned|suffocated|strangled)|thrown (?:from|off|out of) (?:a |the )?(?:\w{1,20}+ )?(?:roof|balcony|window|bridge|building|floor)|"
    r"(?:beaten|tortured|electrocuted|starved) to death|throat (?:was )?(?:cut|slit)|buried alive)"
)
_HOW_RU = (
    r"(?:задуш\w+|повеш(?:ен|ан)\w*|повеси\w+|зареза\w+|застрел\w+|расстрел\w+|обезглав\w+|сожгли|сожжен\w*|сброси\w+ с|утопи\w+|утоплен\w*|"
    r"заби(?:т|л)\w* (?:до смерти|насмерть)|отрави\w+|отравлен\w*|перереза\w+ (?:\w{1,20}+ )?горло|запыта\w+|замуч(?:ен|ил)\w*)"
)
_ONE = r"(?:he|she|him|her|one of (?:them|the men)|(?:a|the|this|that|one|another) (?:\w{1,20}+ ){0,2}?(?:man|boy|victim|singer|youth|detainee|person|friend)|my friend|victim)"
_ONE_RU = r"(?:он|она|его|ее|ему|одного|один из них|одного из них|парня|парень|мужчину|мужчина|юношу|юноша|певца|певец|друга|жертву|человека)"
_METHOD = (
    saying(
        "strangl hang hung behead decapit stab shot burn drown poison suffoc thrown death throat buried",
        rf"\b{_ONE} (?:{words(4)}){_HOW}",
        rf"\b{_HOW} (?:{words(2)}){_ONE}\b",
    ),
    saying(
        "душ повеш повес зарез застрел расстрел обезглав сожг сожж сброс утоп забит забил отрав горло пыта замуч",
        rf"\b{_ONE_RU} (?:{words(4)}){_HOW_RU}",
        rf"\b{_HOW_RU} (?:{words(2)}){_ONE_RU}\b",
    ),
)
_HINTS = (
    saying(
        "strangl hang hung behead decapit stab shot burn drown poison suffoc thrown death throat buried",
        rf"\b{_HOW}",
    ),
    saying(
        "душ повеш повес зарез застрел расстрел обезглав сожг сожж сброс утоп забит забил отрав горло пыта замуч",
        rf"\b{_HOW_RU}",
    ),
    saying(
        "family relatives parents mother father brother sister wife husband uncle",
        rf"\b(?:{_WHOSE} (?:{words(1)})(?:family|relatives|parents|{_KIN})|(?:the|a) (?:family|relatives|parents|{_KIN}))\b{WITHIN}\b{_HARMED}\b",
        rf"\b{_HARMED}\b{WITHIN}\b(?:{_WHOSE} (?:{words(1)})(?:family|relatives|parents|{_KIN})|(?:the|a) (?:family|relatives|parents|{_KIN}))\b",
    ),
    saying(
        "семь родител родствен родн мать матер отец отц брат сестр сын жен муж дяд",
        rf"\b(?:{_WHOSE_RU} (?:{words(1)}))(?:семь\w+|родител\w+|родственник\w*|родны\w+|{_KIN_RU})\b{WITHIN}\b{_HARMED_RU}",
        rf"\b{_HARMED_RU}\b{WITHIN}\b(?:{_WHOSE_RU} )(?:семь\w+|родител\w+|родственник\w*|родны\w+)",
    ),
    saying(
        "born birth рожд родил г.р",
        r"\bborn (?:on|in) (?:\w{1,20}+ ){0,3}?(?:19|20)\d\d\b|\b(?:date|year) of birth\b|\b(?:19|20)\d\d (?:года |г\. ?)?рожд\w+|\b(?:19|20)\d\d г\.\s?р\b|\bродил\w+ в (?:19|20)\d\d",
    ),
    saying(
        "teen schoolboy schoolgirl underage minor child boy girl pupil",
        rf"\b(?:a|the|one|this|his|her) (?:{words(1)})(?:teen(?:ager)?|schoolboy|schoolgirl|minor|child|boy|girl|pupil)\b{WITHIN}\b{_HARMED}\b",
        r"\bunder-?aged?\b",
    ),
    saying(
        "подрост школьни несовершеннолет мальчи ребен",
        rf"\b(?:подрост(?:ок|ка|ку)|школьник(?:а|у)?|несовершеннолетн\w+|мальчик(?:а|у)?|ребен(?:ок|ка|ку))\b{WITHIN}\b{_HARMED_RU}",
        rf"\b{_HARMED_RU}\b{WITHIN}\b(?:подростка|школьника|несовершеннолетн\w+|мальчика|ребенка)\b",
    ),
)
_ANY_HARM = rf"\b{_HARMED}\b|(?<!\w){_HARMED_RU}"
_AT_HOME = (
    r"\b(?:mother|father|parents|family|brother|sister|sick|ill|illness|health|hospital\w*|depress\w*|diagnos\w*|suicid\w*|disease|wife|husband|therap\w+)\b|"
    r"(?<!\w)(?:мать|матер|мам[аыуе]\b|отец|отц|родител|семь[яеюи]|брат\b|сестр|больн|болезн|болеет|здоровь|депресс|диагноз|больниц|суицид|самоуби)"
)


def victim_details(passage: Passage, standards: Standards) -> Iterator[Remark]:
    """The age, the family or the manner of death of somebody who was harmed; Kolesov's family and health."""
    plain = skeleton(passage.text)
    vouched = Spans(passage.vouched)
    mend = "Leave it out: what was found, by whom and when, is enough."
    for said, what in ((_FAMILY, "the family of somebody who was harmed"), (_METHOD, "how somebody died")):
        if _met(said, plain, vouched):
            yield Remark(f"This tells {what}; it can lead to a person, or to those at home.", mend)
            return
    for age in ages(passage.text):
        harm = not age.minor and compiled(_ANY_HARM).search(
            plain.small, *sentence_at(plain.small, age.start, age.end)
        )
        if harm and not vouched.hold(plain.span(age.start, age.end)):
            yield Remark("This tells how old somebody was who was harmed; it can lead to a person.", mend)
            return
    if any(name in plain.small for name in ("kolesov", "колесов")) and _private(plain, vouched):
        yield Remark(
            "Kolesov's family and health are his own; only his video is told, with his consent.", mend
        )


def private_details(passage: Passage, standards: Standards) -> Iterator[Remark]:
    """What may lead to somebody: an age, a year of birth, a family near an arrest, a child who was harmed."""
    plain = skeleton(passage.text)
    vouched = Spans(passage.vouched)
    aged = any(
        not age.minor and not vouched.hold(plain.span(age.start, age.end)) for age in ages(passage.text)
    )
    if (aged or _met(_HINTS, plain, vouched)) and not any(victim_details(passage, standards)):
        yield Remark(
            "This tells somebody's age, family or end: could a reader who knows the place know the person?",
            "Leave it out, unless this person asked for it to be told.",
        )


def _met(said: tuple[Saying, ...], plain: Skeleton, vouched: Spans) -> bool:
    return any(not vouched.hold(plain.span(*span)) for each in said for span in each.all(plain.small))


def _private(plain: Skeleton, vouched: Spans) -> bool:
    return any(
        not vouched.hold(plain.span(*found.span())) for found in compiled(_AT_HOME).finditer(plain.small)
    )
