"""Never: what has been said of Chechnya and is not so, or is said by those who did it, or games a network.

Each is blocked in content.md and in the ledger; here it is recognised in a text that somebody typed, in English and Russian.
In: a passage, read as its skeleton. Out: remarks. A sentence is looked at as a whole, so patterns stay inside one; what the
patterns are made of stands in `saying.py`. Money has `money.py`, victims have `victims.py`,
counts of another year `undated.py`.
"""

from __future__ import annotations

from clarion.campaign.checks.rule import Find
from clarion.campaign.checks.saying import WITHIN, claim, saying, words
from clarion.campaign.checks.undated import undated_count

# ── four killed ───────────────────────────────────────────────────────────────────────────────────────────────

_MONTHS = r"january|february|march|april|may|june|july|august|september|october|november|december"
#: A four that numbers something: April 4, part 4.
_NTH = "".join(
    rf"(?<!\b{each}\x20)"
    for each in (
        *_MONTHS.split("|"),
        *(
            "part",
            "article",
            "page",
            "point",
            "step",
            "rule",
            "section",
            "wave",
            "chapter",
            "day",
            "version",
            "no",
        ),
        *("часть", "части", "статья", "статьи", "пункт", "глава", "волна", "том"),
    )
)
_FOUR = rf"{_NTH}(?<![\w.,:/№-])(?:four|4)(?![\w%]|[.,:/-]\w)"
#: Of these there may be four.
_NOT_DEAD = (
    rf"(?! (?:(?:long|full|more|whole|different|independent|separate|other|big|small|of the) )?(?:{_MONTHS}|years?|months?|weeks?|days?|"
    r"hours?|minutes?|times|decades|a\.?m|p\.?m|o'clock|percent|per|reports?|sources?|experts?|countries|states|members|parts|questions|"
    r"points|facts|things|journalists?|reporters?|lawyers?|judges?|videos?|letters?|posts?|languages|cities|towns|places|villages|"
    r"prisons?|pages?|lines|words|sentences|chapters|books|films|accounts|testimonies|stories|of four|to one|out of)\b)"
)
_BEEN = r"(?:were|are|was|is|have|has|had|been|got|reported|reportedly|confirmed|allegedly|more|others|already|now)"
_THEM = (
    r"(?:men|man|people|persons?|victims?|gays?|lgbt\w*|queers?|homosexuals?|chechens?|individuals|lives|detainees|prisoners|guys|youths|"
    r"boys|males|humans|souls|friends|brothers|them|those|us|ours)"
)
_KILLED = (
    r"(?:killed|murdered|dead|died|dying|slain|executed|deaths?|killings|murders|executions|fatalities|casualties|corpses|bodies|"
    r"perished|lynched|slaughtered|assassinated|massacred|shot dead|(?:beaten|tortured|put) to death|los[te]\w* (?:their )?(?:lives|life)|"
    r"paid with (?:their )?(?:lives|life)|did not survive|didn't survive|no longer alive|gunned down)"
)
#: What stands between the count and the word: a sentence about others would have one of these.
_OTHERS = (
    r"three|two|one|none|no|not|nobody|escaped|fled|released|survived|since|after|before|while|how|said|says?|saw|told|heard|"
    r"described?|remember\w*|asked|witness\w*|fear\w*|signed|wrote|for|about|against|memory"
)
_BARELY = (
    r"at|least|about|some|up|to|already|other|others|as|many|around|nearly|almost|over|more|than|a|total|of|another|and|all|these|those|"
    r"the|innocent|gay|our|young|them|us"
)
_COUNTED = r"(?:death toll|toll|body count|numbers? of (?:the )?(?:dead|deaths|victims|killed|people killed)|deaths?|fatalities|killed|murdered|dead)"
_FOUR_RU = rf"{_NTH}(?<![\w.,:/№-])(?:четверо|четверых|четверым|четверыми|четыре|четырех|четырем|четырьмя|4(?:-?(?:х|ро|рых))?)(?![\w%]|[.,:/-]\w)"
_NOT_DEAD_RU = (
    r"(?! (?:(?:разн|независим|долг|полн|друг|больш|цел)\w+ )?(?:год|лет|месяц|недел|дн|день|час|минут|раз|процент|январ|феврал|март|апрел|"
    r"ма[яй]\b|июн|июл|август|сентябр|октябр|ноябр|декабр|доклад|отчет|источник|эксперт|стран|част|пункт|стать|организаци|журналист|"
    r"свидетел|тюр|вопрос|видео|письм|город|сел|стен|спас|беж|выжил|уехал|освоб|ранен|сообщ|рассказ)\w*)"
)
_KILLED_RU = (
    r"(?:уби(?:т|л|ва|йств|ен)\w*|погиб\w*|гибел\w*|казн\w+|расстрел\w+|замуч\w+|умер\w*|скончал\w+|лиш\w+ жизни|смерт\w+|растерзан\w*|"
    r"забит\w* (?:до смерти|насмерть)|не стало|нет в живых|мертв\w*|труп\w*|зарезан\w*|задуш\w+|линч\w+|жертв\w*)"
)
_OTHERS_RU = r"двое|двоих|двух|трое|троих|трех|три|один|одного|никто|не(?! мен)|нет|спас\w*|сбежал\w*|бежал\w*|выжил\w*|рассказ\w*|после|до|с"

four_killed = claim(
    "At least three were reported killed; “four” has no source.",
    'Say what is known: {{ fact("killed") }}, or: clarion posts facts',
    saying(
        "four 4",
        rf"{_FOUR}{_NOT_DEAD}(?= (?:{words(4)})(?:{_THEM}|{_BEEN})\b| (?:{words(2, but=_OTHERS)}){_KILLED}\b) (?:{words(9, but=_OTHERS)}){_KILLED}\b",
        rf"\b(?:kill|murder|execut|slaughter|lynch|assassinat|shoot|shot dead|los(?:t|e|ing)\b)\w* (?:{words(4, only=_BARELY)}){_FOUR}{_NOT_DEAD}",
        rf"\b{_COUNTED} (?:{words(5, but=_OTHERS)}){_FOUR}{_NOT_DEAD}(?! \w+ (?:survived|escaped|fled))",
        rf"{_FOUR} (?:{words(2)})lives (?:{words(2)})(?:lost|taken|ended|cut|claimed|gone)\b",
        rf"\b(?:took|taken|claimed|cost|ended) (?:{words(3)}){_FOUR} (?:{words(2)})lives\b",
        unless=r"\b(?:no|not|without) (?:source|evidence|proof)\b",
        also="kill murder dead die dying slain execut death toll fatal casualt corpse bod perish lynch slaughter assassin massacr shot los "
        "live life surviv alive gun shoot",
    ),
    saying(
        "fourth 4th",
        rf"\b(?:fourth|4th) (?:{words(2)}){_THEM} (?:{words(4)}){_KILLED}\b",
        r"\b(?:fourth|4th) (?:death|killing|murder|execution|victim)\b",
    ),
    saying(
        "четвер четыр 4",
        rf"{_FOUR_RU}{_NOT_DEAD_RU} (?:{words(5, but=_OTHERS_RU)}){_KILLED_RU}",
        rf"\b{_KILLED_RU}[^\w.!?]{{1,3}}(?:(?!(?:{_OTHERS_RU}|и|а)\b)\w{{1,30}}+ ){{0,4}}?{_FOUR_RU}{_NOT_DEAD_RU}",
        r"\bчетверт(?:ый|ого|ая|ой|ое|ому|ым) (?:\w{1,30}+ ){0,2}?(?:убит|погиб|жертв|смерт|убийств|казн)\w*",
        rf"\b{_KILLED_RU} (?:уже )?четверт(?:ый|ая|ого) (?:человек|мужчин|парен|парн|гей|гея|жертв)",
        r"\bчетверт(?:ый|ого) (?:человек|мужчин|парень|парня|гей|гея)\w* (?:\w{1,30}+ ){0,3}?(?:убит|погиб|казн|умер)\w*",
        also="уби гиб казн расстрел замуч умер сконч жизн смерт растерз забит стало мертв труп зарез задуш линч жертв",
    ),
)

# ── what no source has ────────────────────────────────────────────────────────────────────────────────────────

genocide = claim(
    "No court and no source of the ledger calls it genocide.",
    "Say what was found: torture, killings, persecution, each with its source.",
    saying(
        "g г v народоуб",
        r"\bg\W?[e3*]\W?n\W?[o0*]\W?[cz]\W?[iy1!*]\W?d",
        r"\bг\W?[е3*]\W?н\W?[оа0*]\W?ц\W?[иыі1*]\W?д",
        r"\bvolkermord|\bнародоубийств",
    ),
)
_PRISONS = (
    r"(?:prisons?|camps?|jails?|gulags?|dungeons?|torture (?:chambers?|cent(?:re|er)s?|sites?|rooms?)|(?:detention|internment) \w+|"
    r"(?:secret|illegal|unofficial|clandestine) (?:sites?|facilit\w+|locations?|places|cent(?:re|er)s?|cells)|(?:sites?|places) of (?:detention|torture))"
)
_PRISONS_RU = (
    r"(?:тюр(?:ем|ьм)\w*|тюремн\w+|(?:конц)?лагер\w*|застен\w+|изолятор\w*|темниц\w*|каземат\w*|подвал\w*|сизо|"
    r"мест\w* (?:содержани|заключени|лишени|пыток)\w*|(?:тайн|секретн|незаконн|неофициальн)\w+ (?:мест|объект|точ)\w*)"
)
_NOT_PRISONS_RU = r"лет|год\w*|месяц\w*|недел\w*|дн\w*|час\w*|человек\w*|мужчин\w*|раз"
_SIX = r"(?<![\w.,:/№-])(?:six|sixth|6(?:th)?|half a dozen)(?![\w%]|[.,:/]\d)"
_SIX_RU = r"(?<![\w.,:/№-])(?:шесть|шести|шестью|шестеро|шест(?:ая|ой|ую|ое|ого)|6(?:-?(?:и|ти|й|я))?|полдюжины)(?![\w%]|[.,:/]\d)"
six_prisons = claim(
    "No source of the ledger gives a number of prisons.",
    "Write “secret prisons”, without a number.",
    saying(
        "six 6 half",
        rf"{_SIX} (?:{words(4, but='years?|months?|weeks?|days?|hours?|men|people|times|of six|one|languages?|reports?')}){_PRISONS}\b",
        rf"\b{_PRISONS}\b[^\w.!?\n](?:[^.!?\n]{{0,18}}?[^\w.!?\n])?{_SIX}(?! (?:years?|months?|weeks?|days?|hours?|men|people|times|reports?)\b)",
    ),
    saying(
        "шест 6 полдюж",
        rf"{_SIX_RU} (?:{words(3, but=_NOT_PRISONS_RU)}){_PRISONS_RU}",
        rf"\b{_PRISONS_RU}[^\w.!?\n](?:[^.!?\n]{{0,18}}?[^\w.!?\n])?{_SIX_RU}(?! (?:лет|год|месяц|недел|дн|час|человек|мужчин|раз))",
    ),
)
_BY = "the|start|beginning|end|month|time|holy|first|day|eve|of|muslim|fasting|this|year|s"
_RAMADAN = r"rama[dzт][ha]\w*"
before_ramadan = claim(
    "No source of the ledger says it, and it ties a crime to a faith.",
    "Leave the date out.",
    saying(
        "rama",
        rf"\b(?:before|until|till|ahead of|prior to|in time for|no later than|pre)[^\w.!?\n](?:[^.!?\n]{{0,40}}?[^\w.!?\n])?{_RAMADAN}",
        rf"\bby (?:{words(8, only=_BY)}){_RAMADAN}",
        rf"\b{_RAMADAN} (?:{words(2)})deadline|\bdeadline (?:{words(4)}){_RAMADAN}",
    ),
    saying(
        "рама",
        r"(?<!\w)(?:до|перед|накануне|к|ко|прежде|раньше|пока не) (?:\w{1,30}+ ){0,4}?рама[дз]а",
        r"\bрама[дз]а\w* (?:\w{1,30}+ ){0,2}?(?:срок|дедлайн)|\b(?:срок|дедлайн) (?:\w{1,30}+ ){0,2}?рама[дз]а",
    ),
)
_CHECHEN = (
    r"(?:\b(?:chech|caucas|vainakh|vaynakh|ingush|muslim|islam|чеч|вайнах|кавказ|ингуш|мусульман|ислам)\w{0,30}+|"
    r"\b(?:tradition|custom|cultur|societ|mentality|adat|clan|tribal|highland|mountain|традици|обыча|культур|менталитет|адат|тейп|горц|горск)\w{0,30}+)"
)
_HONOUR = r"\bhonou?r (?:based )?(?:kill|murder)\w{0,6}|\bkill\w{0,4} (?:\w{1,30}+ ){0,4}?(?:for|in the name of|to restore|to save) (?:\w{1,20}+ ){0,4}?honou?r\b"
_HONOUR_RU = r"\bубий\w{0,6} (?:во имя |ради |из-за |за )?(?:\w{1,20}+ )?чести\b|\bуби\w{0,8} (?:\w{1,30}+ ){0,3}?(?:во имя|ради|из-за|за) (?:\w{1,20}+ )?чест[ьи]\b|\bсмы\w+ (?:\w{1,20}+ ){0,2}?позор"
honour_killings = claim(
    "It makes a trait of a people of what some did.",
    "Say who did what; blame nobody's people or faith.",
    saying(
        "honour honor",
        rf"(?:{_HONOUR})\b{WITHIN}{_CHECHEN}",
        rf"{_CHECHEN}{WITHIN}(?:{_HONOUR})",
        rf"(?:{_HONOUR})\b (?:{words(2)})(?:common|normal|usual|accepted|widespread|a way of life)",
    ),
    saying("чест позор", rf"(?:{_HONOUR_RU}){WITHIN}{_CHECHEN}", rf"{_CHECHEN}{WITHIN}(?:{_HONOUR_RU})"),
)
_GOOD = r"(?:good|decent|honest|righteous) (?:men|people|women|folks?|persons|citizens)"
burke = claim(
    "The quotation is not by Burke; nobody knows whose it is.",
    "Say it in your own words.",
    saying("burke берк бёрк", r"\bedmund burke", r"\bэдмунд\w* берк"),
    saying(
        "evil good",
        r"\b(?:necessary|need(?:ed|s)?|takes|required?s?)\b[^.!?\n]{0,30}\b(?:evil to (?:triumph|succeed|prevail|win|flourish|thrive)|(?:triumph|victory|success) of evil)\b",
        r"\bevil (?:to )?(?:\w{1,20}+ )?(?:triumphs?|prevails?|succeeds?|wins?|flourish\w*|thrives?|spreads?)\b[^.!?\n]{0,40}\b(?:do(?:es|ing)? nothing|(?:stay|keep|remain|are|be|fall)\w* (?:silent|quiet)|look away|stand by)\b",
        rf"\b{_GOOD} (?:who )?(?:to )?(?:do(?:ing)? nothing|(?:stay|keep|remain)\w* (?:silent|quiet)|stand by)\b",
        r"\bonly thing (?:\w{1,20}+ ){0,3}?(?:triumph|victory) of evil",
    ),
    saying(
        "зл хорош добры порядочн",
        r"\b(?:торжеств\w*|побед\w+|триумф\w*) зла\b",
        r"\bзло (?:\w{1,20}+ )?(?:восторжеств\w+|торжеству\w+|побежда\w+|победи\w+)",
        r"\bхорош\w+ люд\w+ (?:\w{1,20}+ ){0,2}?(?:ничего не дела\w+|бездейств\w+|молч\w+)",
        r"\bбездейств\w+ (?:\w{1,20}+ ){0,2}?(?:хорош|добр|порядочн)\w+ люд",
    ),
)

# ── the law, the cause ────────────────────────────────────────────────────────────────────────────────────────

_BEING = (
    r"(?:homosexualit\w+|(?:being|to be) (?:\w{1,20}+ )?(?:gay|lesbian|queer|homosexual|lgbt\w*|bisexual|trans\w*)|gay (?:sex|relations\w*|love)|"
    r"same sex (?:\w{1,20}+ )?(?:sex|relations\w*|love|acts|intimacy)|(?:gays|gay people|gay men|homosexuals) (?:is|are|were|was))"
)
_BAN = (
    r"(?:prohibit\w*|illegal\w*|bans?|banned|banning|outlaw\w*|forbid\w*|forbade|criminali[sz]\w*|a (?:criminal )?(?:crime|offen[cs]e)|crime|"
    r"against the law|punish\w*|unlawful|not allowed)"
)
_NOT_BEING = "no|law|laws|symbols?|propaganda|movement|parades?|flags?|marriages?|not|never|isn't|wasn't|decriminali\\w*|after|because|since"
_FALSE = r"\b(?:not|never|isn't|wasn't|no longer|nor|false|myth|untrue|wrong|decriminali[sz]\w*)\b"
prohibited_in_russia = claim(
    "It was not prohibited in 2017, and is not now: a court called a movement extremist.",
    'Say what is so: {{ fact("ban") }}, or: clarion posts facts',
    saying(
        "russia chechnya there",
        rf"\b{_BEING} (?:{words(4, but=_NOT_BEING)}){_BAN}\b{WITHIN}\b(?:russia|chechnya|there)",
        rf"\b{_BAN} (?:{words(3, but=_NOT_BEING)}){_BEING}\b{WITHIN}\b(?:russia|chechnya|there)",
        rf"\b(?:russia|chechnya)\w*\b{WITHIN}\b{_BEING} (?:{words(4, but=_NOT_BEING)}){_BAN}\b",
        rf"\b(?:russia|chechnya)\w*\b{WITHIN}\b{_BAN} (?:{words(3, but=_NOT_BEING)}){_BEING}\b",
        unless=_FALSE,
    ),
    saying(
        "гомосек гее ге лесби однопол мужелож",
        r"\b(?:гомосексуал\w+|(?:быть|являться|жить) (?:\w{1,20}+ )?(?:ге[еяй]\w*|лесбиянк\w+)|ге(?:ем|ями) быть|однопол\w+ (?:любов|отношени|связ|секс)\w*|мужеложств\w*)"
        r"[^.!?\n]{0,40}?(?<!\w)(?:(?:под )?запре(?:щ|т)\w*|вне закона|незаконн\w+|преступлени\w+|карае\w+|наказ\w+|криминализ\w+|суд(?:ят|или)|сажают|уголовн\w+|противозаконн\w+|нельзя)",
        r"(?<!\w)(?:запре(?:т|щ)\w*|нельзя|преступлени\w+|незаконно|вне закона|криминализ\w+|наказыва\w+|сажают|судят)[^.!?\n]{0,25}?"
        r"\b(?:гомосексуал\w+|(?:быть|являться) (?:\w{1,20}+ )?(?:ге[еяй]\w*|лесбиянк\w+)|ге(?:ем|ями) быть|однопол\w+ (?:любов|отношени|связ|секс)\w*)",
        unless=r"(?<!\w)(?:не (?:\w+ )?(?:запрещ|явля|был|преступлени|наказ|карае)\w*|никогда|миф|неправд\w*|ложь|декриминализ\w*|пропаганд\w*|брак\w*)",
    ),
)
_PROTEST = r"(?:protest|parade|pride|march|rall(?:y|ies)|demonstration|picket)\w*"
_ASKED = r"(?:application|request|permit|permission|applied|applying|applies|asked|asking|filed|filing|notif|bid to|petition|submitted)\w*"
_CAUSE = (
    r"(?:caus\w+|trigger\w*|le(?:d|ading) to|sparked|spark|provok\w+|prompted|set (?:\w{1,20}+ )?off|unleash\w+|brought (?:about|on)|resulted in|"
    r"(?:is|was) (?:why|the reason|to blame|behind)|started (?:the|it|everything|this|a|all)|began after|started (?:after|when|with)|in response to)"
)
_BECAUSE = r"(?:because (?:\w{1,20}+ ){1,3}?(?=applied|asked|filed|requested)|caused by|triggered by|sparked by|provoked by|prompted by|because of|due to|set off by|followed|came after|began (?:with|after|when)|started (?:with|after|when)|in response to|cause was|reason was|blame\w*)"
protest_cause = claim(
    "It is false that the Network's application for a protest was the cause.",
    "Leave the cause out: those who detained people are answerable for it.",
    saying(
        "protest parade pride march rall demonstrat picket",
        rf"\b{_ASKED}\b[^.!?\n]{{0,50}}?\b{_PROTEST}[^.!?\n]{{0,50}}?\b{_CAUSE}",
        rf"\b{_BECAUSE}[^.!?\n]{{0,60}}?\b{_ASKED}\b[^.!?\n]{{0,40}}?\b{_PROTEST}",
        rf"\b{_BECAUSE} (?:{words(3)})(?:{_PROTEST}) (?:application|request|permit|bid|plans?)",
        rf"\b{_PROTEST} (?:application|request|permit|bid|plans?)\w*[^.!?\n]{{0,50}}?\b{_CAUSE}",
        unless=r"\b(?:not|never|no|false|untrue|myth|wrong|didn't|wasn't)\b",
    ),
    saying(
        "парад шестви митинг акци прайд пикет",
        r"\b(?:заяв|подал|подан|подач|уведомлен|разрешени|ходатайств|просьб)\w*[^.!?\n]{0,50}?\b(?:парад|шестви|митинг|акци|(?:гей-)?прайд|пикет)\w*[^.!?\n]{0,50}?"
        r"\b(?:вызва\w*|спровоцир\w+|прив[ео]\w*|послужи\w+|стал\w* (?:причин|повод)\w+|причин\w+|повод\w*|из-за (?:этого|нее|них)|поэтому|началось|начались|виноват\w*)",
        r"\b(?:из-за|вин(?:ой|а|оват\w*)|причин\w+|спровоцир\w+|вызва\w*|повод\w*|в ответ на|начал\w+ с|после того,? как|виноват\w*)[^.!?\n]{0,50}?"
        r"\b(?:заяв|подал|подан|подач|уведомлен|ходатайств|просьб)\w*[^.!?\n]{0,40}?\b(?:парад|шестви|митинг|акци|(?:гей-)?прайд|пикет)",
        unless=r"(?<!\w)(?:не (?:был|стал|явля|причин|вызва|из-за|привел|могл)\w*|неправд\w*|ложь|миф\w*|неверно)",
    ),
)

# ── whose words, and gaming ───────────────────────────────────────────────────────────────────────────────────

_ASK = r"(?:help|make|get|keep|let's|lets|let us|push|retweet|rt|repost|share|tweet|post|use|put|bring|take|send|boost|drive|vote)"
help_it_trend = claim(
    "The campaign asks people to look; it does not ask them to game a network.",
    "Ask for one honest thing: read it, tell one person, write to somebody.",
    saying(
        "trend viral number no.1 algorithm storm top #1 №1 flood spam",
        r"\b(?:help|make|get|keep|let's|lets|let us|push)\b[^.!?\n]{0,40}?\b(?:trend(?:s|ing)?|viral)\b",
        rf"\b{_ASK}\b[^.!?\n]{{0,60}}?(?:\b(?:trending|to trend|(?:it|this|we|they|them) (?:can |will |may |all )?trends?|in(?:to)? (?:the )?trends|go(?:es)? viral)\b)",
        r"\b(?:make|push|get|take|bring|send|put|drive|boost)\b[^.!?\n]{0,40}?(?:\bnumber one\b|\bno\.? ?1\b|(?<!\w)[#№]1\b|\b(?:to|at|on) (?:the )?top\b)",
        r"\bin(?:to)? (?:the )?top (?:ten|10|five|5|tags|trends)\b|\btrend(?:ing)? (?:worldwide|tonight|today|now|topics?|globally)\b|\bwe (?:(?:can|will|all|may) )?trend\b|\bto (?:be )?trend(?:ing)?\b(?! (?:towards?|up|down))|\b(?:so|until|till) (?:that )?(?:\w{1,20}+ ){0,3}?trends\b",
        r"\bgo(?:es|ing)? viral\b|\b(?:feed|beat|break|trick|boost|for|help|please) the algorithm|\btrend with (?:us|me)\b|\b(?:number one|top) (?:trend|hash ?tag|tag)\b|\b(?:tweet|twitter|hashtag) ?storm",
        r"\b(?:flood|spam) (?:the |their |every |all )?(?:\w{1,20}+ ){0,2}?(?:timelines?|feeds?|hashtags?|tags?|replies|mentions|comments)\b",
    ),
    saying(
        "тренд топ вирус раскру накру алгоритм форс первое разгон номер рекоменд",
        r"(?<!\w)в (?:топ|топе|топы|топ-?\d+)(?!\w)|(?<!\w)(?:в|до) (?:\w{1,20}+ )?тренд(?:ы|ах|ов|е|\b)|\bтренд(?:ы|ах)\b|\bтренд(?:ить|им|ил)\w*",
        r"(?<!\w)в рекомендаци[ия](?!\w)|\b(?:за|раз)вирус\w+|\bвирусн\w+|\b(?:рас|на)крут\w+|\bразгон\w+ (?:\w{1,20}+ ){0,2}?(?:тег|хештег|хэштег)|\bфорс(?:им|ить|ите)\b",
        r"\b(?:обман|помо|корм|ради|для)\w* (?:\w{1,20}+ )?алгоритм\w*|\b(?:выв[ео]|подн|вытащ|сдела|делаем)\w+[^.!?\n]{0,40}?(?:первое место|номер один|номером один|вершин\w+|верх\b)",
    ),
)

_OFFICIAL = (
    r"(?:kadyrov\w*|karimov\w*|daudov\w*|peskov\w*|кадыров\w*|каримов\w*|даудов\w*|песков(?:а|у|ым)?|"
    r"chechen (?:\w{1,20}+ )?(?:leaders?|presidents?|officials?|spokes\w+|authorit\w+|ministers?|government|ruler|head|chief|mps?|police)|"
    r"(?:head|leader|president|ruler|government|authorities) of (?:the )?(?:chechnya|chechen republic|republic)|"
    r"чеченск\w+ (?:\w{1,20}+ )?(?:власт\w+|чиновник\w*|лидер\w*|президент\w*|министр\w*|депутат\w*|правительств\w*)|"
    r"(?:глав[аыеу]|главой|руководител\w*|президент\w*|власт[ьия]\w*|пресс-секретар\w*) (?:\w{1,20}+ )?(?:чечн\w*|республик\w*|чеченск\w+))"
)
_QUOTE = r"(?:[“\"«„][^”\"»“\n]{3,300}[”\"»“]|[‘‹'][^’›'\n]{3,300}[’›'](?!\w))"
#: Of more than two words; one or two are often a name, or said with a raised brow.
_LONG_QUOTE = r"(?:[“\"«„](?:[^\s”\"»“]{1,40} ){2,60}?[^\s”\"»“]{1,40}[”\"»“])"
_SAYS = (
    r"(?:said|says?|saying|told|claim\w*|called|calls|repl(?:y|ied)|declar\w*|answered|insist\w*|stated|boasted|"
    r"заяв\w*|сказа\w*|назва\w*|называ\w*|ответи\w*|говори\w*|утвержд\w+|объяви\w*|добави\w*)"
)
_DEGRADE = (
    r"(?:sub-?humans?|devils?|demons?|animals|vermin|scum|perverts?|perversion|filth|disease|sick|freaks?|fakes?|traitors?|shaitans?|abominations?|"
    r"(?:not|no|aren't|isn't) (?:even |really )?(?:people|human|humans|men|chechens?)|(?:do not|don't|doesn't|does not) exist|no (?:gays?|gay (?:men|people)|homosexuals)|"
    r"не люди|нелюд\w*|шайтан\w*|дьявол\w*|зверь\w*|звери|животн\w+|недочеловек\w*|недолюд\w+|мраз\w*|позор\w*|больн(?:ые|ых)|выродк\w*|извращен\w*|не мужчин\w*|нет (?:геев|таких))"
)
perpetrators_words = claim(
    "Those who did it, or defended it, are not quoted: their words degrade people.",
    'Say only that they denied it: {{ fact("denial") }}',
    saying(
        "kadyrov karimov daudov peskov chechen head leader president ruler government authorit кадыров каримов даудов песков чеченск глав "
        "президент власт руководител секретар",
        rf"\b{_OFFICIAL}\b[^.!?\n“\"«„‘‹]{{0,60}}?(?:\b{_SAYS}|:)[^.!?\n“\"«„‘‹]{{0,30}}?{_QUOTE}",
        rf"\b{_OFFICIAL}\b[^.!?\n“\"«„]{{0,60}}?{_LONG_QUOTE}",
        rf"{_QUOTE}[,:;\s-]{{0,4}}+(?:{_SAYS} )?(?:\w{{1,30}}+ ){{0,3}}?{_OFFICIAL}\b",
        rf"{_QUOTE}[,:;\s-]{{0,4}}+(?:\w{{1,30}}+ ){{0,4}}?{_OFFICIAL} (?:\w{{1,30}}+ ){{0,3}}?{_SAYS}",
        rf"\b{_OFFICIAL}\b[^.!?\n]{{0,60}}?\b{_SAYS}[^.!?\n]{{0,60}}?\b{_DEGRADE}",
        rf"\b(?:по словам|according to) (?:\w{{1,20}}+ ){{0,2}}?{_OFFICIAL}\b[^.!?\n]{{0,60}}?(?:\b{_DEGRADE}|\bтаких (?:людей )?)",
        rf"\b{_DEGRADE}[^.!?\n]{{0,60}}?\b{_SAYS} (?:\w{{1,30}}+ ){{0,3}}?{_OFFICIAL}\b",
        rf"\b{_DEGRADE}[^.!?\n]{{0,60}}?\b{_OFFICIAL} (?:\w{{1,30}}+ ){{0,3}}?{_SAYS}",
        also="“ \" « „ ‘ ‹ ' human devil demon animal vermin scum perver filth disease sick freak fake traitor shait abomin people "
        "men exist gay homosex люд шайтан дьявол звер животн мраз позор больн челове вырод извращ мужчин геев таких",
    ),
    saying(
        "exist gay such homosex blood",
        r"\b(?:people|men|those|someone|anyone) (?:who|that) (?:simply |just )?(?:do not|don't|does not|doesn't) exist\b",
        r"\b(?:no gays?|no gay (?:men|people)|no such people|no homosexuals) (?:live )?(?:here|in chechnya|among (?:us|chechens))\b",
        r"\b(?:do not|don't) have (?:any )?(?:gays?|such people|homosexuals|those kinds?)\b|\bwe have no (?:gays?|gay (?:men|people)|homosexuals|such people)\b",
        r"\b(?:cleans?|purif)\w* (?:our|the|chechen) blood\b",
    ),
    saying(
        "нет кого возвращ кровь существ",
        r"\b(?:у нас|в чечне|среди чеченцев|в республике) (?:\w{1,20}+ ){0,3}?(?:нет|не (?:бывает|существует|может быть)) (?:\w{1,20}+ )?(?:геев|таких|гомосексуал\w+|этих)",
        r"\b(?:геев|гомосексуал\w+) (?:\w{1,20}+ ){0,3}?(?:нет|не (?:бывает|существует))(?!\w)",
        r"\b(?:у нас|в чечне|в республике) таких (?:людей )?(?:нет|не)(?!\w)",
        r"\bнет (?:\w{1,20}+ )?(?:геев|таких людей|гомосексуал\w+) (?:у нас|в чечне|среди чеченцев|в республике)",
        r"\b(?:кого|которых) (?:\w{1,20}+ )?(?:просто )?(?:нет|не существует) в (?:республике|чечне)",
        r"\bоткуда не возвраща\w+|\bочис\w* (?:\w{1,20}+ )?(?:нашу |свою )?кровь",
    ),
)

#: Every claim by its id, with what the table says of it.
CLAIMS: dict[str, tuple[Find, str]] = {
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
