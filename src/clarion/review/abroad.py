"""Which posts ask, in Russian, for what only readers outside Russia may safely do: to share, to write, to sign.

In: the campaign's ledger, a post's language, what it used and whom its template is for; or its words. Out: whether a page
shows it behind a fold. Russian-speaking is not in Russia, so such posts are written; but nobody in Russia meets one
unasked. Words decide only that more is folded: a fold too many costs a touch.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from clarion.campaign.checks.saying import saying
from clarion.campaign.ledgers.ledger import Ledger
from clarion.campaign.skeleton import skeleton

_AT_RISK = "ru"
_OUTSIDE = "outside-russia"

_FEW = r"(?:[\w-]{1,30}+ ){0,3}?"
_TO_DO = (
    r"(?:(?:по)?делиться|подписа(?:ть|ться)|подписывать(?:ся)?|распространи?ть|распространять|пере(?:сла|сыла)ть|разослать|репостнуть|"
    r"перепостить|(?:на)?писать|отправ(?:ить|лять)|рассказать|обратиться|прийти|выйти|присоединиться|участвовать|опубликовать|"
    r"(?:с?делать|постав\w+) (?:репост|подпис|лайк)\w*)"
)
_ASKS = saying(
    "дели подел распростр перешл перес репост перепост разошл рассыл расска покаж переда подпи напи пиши пишем отправ пошли посыл обра прид прих выйд выйт выход присоед"
    " участв лайк коммент публик запост петици",
    r"\b(?:по)?дели(?:сь|тесь)\b|\bподелимся\b|\bраспростран(?:и|ите|им|яй|яйте|яем)\b|\bпере(?:шли|шлите|шлем|сылай|сылайте)\b",
    r"\bраз(?:ошли|ошлите)\b|\bрассылай(?:те)?\b|\bрасска(?:жи|жите|зывай|зывайте)\b|\b(?:покажи|передай)(?:те)?\b",
    r"\bрепост(?:и|ите|ни|ните|ьте|им|нем)\b|\bперепост(?:и|ите|ьте)\b|\b(?:о?публикуй|запости|лайк(?:ай|ни)|(?:про)?комментируй)(?:те)?\b",
    r"\bподпи(?:ши|шите|шись|шитесь|шем|шемся|сывай|сывайте|сывайся|сывайтесь)\b|\b(?:на)?пиши(?:те)?\b|\bнапишем\b",
    r"\bотправ(?:ь|ьте|им|ляй|ляйте)\b|\bпо(?:шли|шлите|сылай|сылайте)\b|\bобра(?:тись|титесь|щайся|щайтесь)\b",
    r"\bпри(?:ди|дите|ходи|ходите|соединись|соединитесь|соединяйся|соединяйтесь)\b|\bвый(?:ди|дите|дем)\b|\bвыход(?:и|ите|им)\b|\bучаствуй(?:те)?\b",
    rf"\b(?:с?дела(?:й|йте)|став(?:ь|ьте)|постав(?:ь|ьте)) {_FEW}(?:репост|подпис|лайк)\w*",
    rf"\b(?:можно|можете|можешь|сможете|нужно|надо|пора|важно|просим|прошу|просьба|призываем|хотите|давайте|время|успейте) {_FEW}{_TO_DO}",
    rf"\b(?:ваш|ваша|ваши|твой|твоя|каждый|каждая|любой|максимальный|нужен|нужны|нужна) {_FEW}(?:репост|подпис)\w*|\bрепост\w* (?:приветств|помога|нуж|важ)\w*",
    # A petition that a link stands behind asks without a verb.
    r"\bпетици\w{1,4}[^!?]{0,200}?https?:",
)
#: Whoever says so warns: "не делайте репостов", «нельзя подписывать».
_NOT = re.compile(
    r"(?<!\w)(?:не|ни|нельзя|опасно|незачем|перестаньте)(?:\W{1,3}(?:надо|нужно|стоит|следует))?\W{1,3}$"
)


def asks_abroad(ledger: Ledger, language: str, calls: Iterable[str], audience: str | None) -> bool:
    """Whether a post stands behind the fold. A call that is no longer in the ledger is taken for such an ask.

    `calls`: the ids of those it makes. `audience`: its template's; None: it has none, or it is gone.
    """
    if language.partition("-")[0] != _AT_RISK:
        return False
    known = {id_: call.audience for id_, call in ledger.calls.items()}
    return audience == _OUTSIDE or any(known.get(each, _OUTSIDE) == _OUTSIDE for each in calls)


def asks_in_words(text: str) -> bool:
    """Whether a text, whatever its language is called, asks in Russian to share, to sign, to write or to come."""
    small = skeleton(text).small
    return any(not _NOT.search(small[max(start - 40, 0) : start]) for start, _ in _ASKS.all(small))
