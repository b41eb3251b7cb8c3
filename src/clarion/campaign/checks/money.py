"""Never: asking for money in Russian. Whoever gives from Russia to people Russia calls extremist risks prison.

In: a passage, read as its skeleton. Out: remarks. Russian words are looked for in every text, whatever its language is called;
English ones where the text is Russian, or is called so. A warning not to give is welcome: "не" must govern the verb.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from clarion.campaign.checks.rule import Passage, Remark, Standards
from clarion.campaign.checks.saying import Saying, saying
from clarion.campaign.skeleton import skeleton

_MONEY = (
    r"(?:ден(?:ьг\w*|ег|ежк\w*|ежн\w+)|средств\w*|рубл\w*|евро|доллар\w*|тенге|сумм\w+|крипт\w+|биткоин\w*|биток\w*|копе(?:йк|еч)\w*|"
    r"донат\w*|пожертвован\w+|взнос\w*|перевод(?:ом|ы)?|грош\w*|usdt|btc|eth|тыс(?:яч\w*)?)"
)
_ASKS = saying(
    "жертв донат задон деньг денег подкин переводы денеж средств рубл евро доллар крипт битк копе взнос скин вклад карт кошел реквизит счет сбор финанс матери платеж перевод собира",
    r"\b(?:по)?жертву(?:й|йте|ем|ю|ют)\b|\bпожертв(?:овать|овани\w{1,3}|овань\w|ует\w*|уй\w*|уем)\b|\b(?:за|по)?дона(?:т\w{0,4}|ть\w*|чу)\b",
    rf"\b(?:перевед|перевест|перечисл|скин|отправ|присыла|пришли|переводи|помоги|помога|помож|закин|закид|внес|вноси|сдай|собер|собир|вышли|дай|подкин|шли)\w*"
    rf" (?:[\w-]{{1,30}}+ ){{0,4}}?{_MONEY}",
    r"\bподдерж\w+ (?:[\w-]{1,30}+ ){0,2}?сбор\w{0,2}\b|\bсобира(?:ем|ю|ют|йте|ет) на (?:билет|эвакуац|помощь|адвокат|лечени|жиль|дорог|переезд|нужд)|\bкажд\w+ (?:рубл|копе|евро|доллар|тысяч)\w*",
    r"\b(?:помощь|принима\w+|перев\w+|кида\w+|скид\w+|шл\w+) (?:[\w-]{1,30}+ ){0,3}?на карту\b|\b(?:регулярн|ежемесячн)\w+ (?:платеж|перевод|поддержк|пожертв|взнос)\w*",
    r"\bскин(?:ь\w*|ем\w*|уть\w*)\b|\bскидыва(?:й|ем)\w*|\b(?:за|под)киньте\b|\bпереводы (?:принима|можно|шл)\w*",
    r"\b(?:сделай|сделать|внес|внест|внос|оплат)\w* (?:[\w-]{1,30}+ ){0,2}?(?:взнос|вклад|пожертвован)\w*|\b(?:ваш|твой|каждый|любой|свой) взнос|\bвзнос(?:ы|а|ом)? (?:спас|помо|поддерж)\w+",
    r"\bнужн\w* (?:[\w-]{1,30}+ ){0,2}?(?:деньги|денег|средства|финансов\w+|пожертвован\w+)|\b(?:деньги|средства) (?:[\w-]{1,30}+ ){0,2}?нужн\w*|\bне хватает (?:[\w-]{1,30}+ ){0,2}?(?:денег|средств)",
    r"\b(?:помо(?:чь|гите|ги|жем|гай\w*)|поддерж\w+) (?:[\w-]{1,30}+ ){0,3}?(?:деньгами|рубл\w+|финансово|материально|копе\w+|донат\w*|средствами)",
    r"\b(?:финансово|материально|деньгами|рублем) (?:[\w-]{1,30}+ ){0,2}?(?:поддерж|помо)\w+",
    r"\b(?:сбор|собира\w+|собер\w+|собра(?:ть|ли)) (?:[\w-]{1,30}+ ){0,2}?(?:средств\w*|деньг\w*|денег|пожертвован\w+|донат\w*)|\bсбор(?:ы)? (?:(?:открыт|закрыт|продолжа|иде)\w+|на (?:билет|эвакуац|помощь|адвокат|лечени|жиль|дорог|переезд|нужд))",
    r"\bреквизит\w+|\bномер (?:карт|счет|кошель)\w+|\b(?:на|наш\w*|моя|мою|через) (?:[\w-]{1,30}+ )?(?:карт[уые]|кошел[её]\w+|счет)(?: |$|\W)(?:[\w-]{1,30}+ )?(?:сбер|тиньк|тбанк|банк|\d)",
    r"\b(?:карта|карту|карте|карты) (?:сбер\w*|тинько\w+|т-банк\w*|мир\b|банка)|\b(?:сбер|сбербанк|тинькофф|тбанк)\w*[:\s-]{1,3}\d",
)
_HOSTS = saying(
    "patreon boosty paypal donorbox gofundme donationalerts cloudtips yoomoney ko-fi liberapay opencollective donate donation give pozhertv buymeacoffee qiwi",
    r"\b(?:patreon|boosty|paypal|donorbox|gofundme|donationalerts|cloudtips|yoomoney|ko-fi|liberapay|opencollective|buymeacoffee|qiwi)\.\w{2,4}\b",
    r"https?://[^\s]{0,200}?/(?:donat\w*|give|giving|pozhertv\w*|support-us)\b",
)
#: Of money whatever the words around it: a card's number, a wallet.
_WALLETS = saying(
    "bc1 0x btc usdt eth 1 2 3 4 5 6 7 8 9",
    r"\bbc1[a-z0-9]{20,70}\b|\b0x[0-9a-f]{40}\b|\bt[a-z0-9]{33}\b(?<=\d)|\b(?:btc|usdt|eth|trc20|xmr)\s?[:=]\s?[a-z0-9]{20,90}",
    r"(?<![\w.,/-])[2-6]\d{3}(?:[ -]?\d{4}){3}(?![\w/])".replace(" ", r"\x20"),
)
_ENGLISH = saying(
    "donat fund give gift chip contribut money card crypto transfer",
    r"\bdonat(?:e|ing|ions?)\b|\b(?:chip|pitch) in\b|\bfund-?rais\w+|\bgive (?:what|now|today|generously|money|to (?:nc )?sos)\b|\bcontribut(?:e|ions?)\b",
    r"\b(?:send|transfer|wire|raise) (?:\w{1,20}+ ){0,2}?(?:money|funds|crypto|cash|euros?|dollars?|roubles?|rubles?)\b|\bcrowd ?fund\w*",
)
#: The refusal stands right before the verb, or before others of the kind that it is listed with: "не делайте репостов и
#: пожертвований". «Не медлите и жертвуйте» is an ask.
_NOT = re.compile(
    r"(?<!\w)(?:не(?: надо| нужно| стоит| следует| делайте| делай| пытайтесь| вздумайте)?|нельзя|никогда не|незачем|опасно|без|ни)\W{1,3}(?:(?:и|или)\W{1,3})?$"
)
_LISTED = re.compile(
    r"(?<!\w)(?:не|нельзя|опасно)\W{1,2}(?:дела\w+|репост\w+|перевод\w+|перечисл\w+|жертв\w+|донат\w+|подпис\w+|отправл\w+|публик\w+|пересыл\w+|участв\w+)"
    r"(?:,?\W?[\w-]{1,20}){0,3}\W{1,2}(?:и|или)\W{1,2}$"
)
_NOT_EN = re.compile(
    r"\b(?:do not|don't|never|cannot|not to|without|no)\W{1,3}$|\bdo not (?:\w+ ){1,3}(?:or|and) $"
)
_CYRILLIC, _LATIN = re.compile(r"[а-я]"), re.compile(r"[a-z]")


def donate_in_russian(passage: Passage, standards: Standards) -> Iterator[Remark]:
    """An ask for money that people in Russia may read."""
    plain = skeleton(passage.text)
    # What gives is often only in an address, which is not split into words.
    russian = passage.language.partition("-")[0] == "ru" or _mostly(plain.small)
    asked = [_ASKS] + ([_HOSTS, _WALLETS, _ENGLISH] if russian else [])
    for saying_ in asked:
        if found := _first(saying_, plain.small):
            shown = passage.text[slice(*plain.span(*found))].strip()[:30]
            yield Remark(
                f'"{shown}" asks for money in Russian; whoever gives in Russia risks prison.',
                "Take the ask out of the Russian text.",
            )
            return


def _first(asks: Saying, text: str) -> tuple[int, int] | None:
    return next((span for span in asks.all(text) if not _refused(text, span[0])), None)


def _refused(text: str, place: int) -> bool:
    """Whether a "not" governs the verb at a place."""
    before = text[max(place - 80, 0) : place]
    return any(refusal.search(before) for refusal in (_NOT, _LISTED, _NOT_EN))


def _mostly(text: str) -> bool:
    return len(_CYRILLIC.findall(text)) > len(_LATIN.findall(text))
