"""Never: asking for money, but by a call of the ledger. In Russian nobody asks at all: whoever gives from Russia to people
Russia calls extremist risks prison.

In: a passage, read as its skeleton. Out: remarks. Russian words are looked for in every text, whatever its language is called.
Elsewhere an ask is told from a fact by its mood: "Donate now" asks, "people donated" does not. A warning not to give is
welcome: "не" must govern the verb.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from clarion.campaign.checks.rule import Passage, Remark, Spans, Standards
from clarion.campaign.checks.saying import Saying, saying, words
from clarion.campaign.rendering.marks import of_calls
from clarion.campaign.skeleton import Skeleton, skeleton

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
_COLLECTS = r"\b(?:patreon|boosty|pay ?pal|donorbox|go ?fund ?me|donationalerts|cloudtips|yoomoney|ko-fi|liberapay|opencollective|buymeacoffee|qiwi)\.\w{2,4}\b"
_TO_GIVE = r"https?://[^\s]{0,200}?/(?:donat\w*|give|giving|pozhertv\w*|support-us)\b"
_COLLECTING = "patreon boosty pal donorbox fund donationalerts cloudtips yoomoney ko-fi liberapay opencollective donate donation give giving pozhertv support-us buymeacoffee qiwi"
_HOSTS = saying(_COLLECTING, _COLLECTS, _TO_GIVE)
#: The page of somebody there, and not the name of the company alone.
_PAGES = saying(_COLLECTING, rf"{_COLLECTS}/\w", _TO_GIVE)
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
# ── in other languages: an ask, and not a fact ────────────────────────────────────────────────────────────────

#: Where a sentence begins, or what stands before its verb where it is asked or offered.
_BEGINS = r"(?:(?:\A|\n|\s-\s|[^\w\s,'/-])\W{0,3}(?:(?:so|and|then|now|today|to|just|if you (?:can|could|wish|want)) )?)"
_LEADS = (
    r"\b(?:please|pls|plz|kindly|consider|let us|let's|you (?:can|could|may|should|must|might)|(?:can|could|will|would) you|"
    r"(?:any|every)(?:one|body) (?:can|could|may|should|must)|(?:ask|urge|beg|invite|need|want|encourage) (?:you|everyone|everybody) to|"
    r"(?:here|click|how|where|link|ways?|want|wish|like|able|help us) to) (?:(?:also|just|now|today|still|please|share and|sign and|read and|help and) ){0,2}"
)
_ASKED = rf"(?:{_BEGINS}|{_LEADS})"
_NO = "no|not|never|nobody|nothing|neither|without"
#: What is sent to a fund, or raised about one, is none of its money.
_ELSE = "letters?|issues?|questions?|messages?|e?-?mails?|cards?|requests?|reports?|applications?|statements?"
_GIVE = r"(?:donat(?:e|ing)|chip in|crowd-?fund)\b(?! (?:blood|organs?|clothes|books|time)\b)"
_CASH = (
    r"(?:money|funds|cash|crypto\w{0,10}|bitcoins?|euros?|dollars?|pounds|r[ou]{1,2}bles?|bucks|pence|donations?|[€$£]\s?\d|\d[\d.,]{0,9}\s?[€$£]|"
    r"(?:eur|usd|gbp|btc|usdt)\b)"
)
_DOES = r"(?:(?:today|now|can|will|could|may|would|directly|really) ){0,2}(?:helps?|saves?|counts?|buys?|pays?|goes|go|makes?|gives?|gets?|keeps?|brings?|supports?|matters?|funds?)\b"
_PUNISHED = r"risk|prison|jail|arrest|crime|criminal|illegal|danger|punish|offen[cs]e|forbid|banned"
_PAYERS = (
    r"(?:pay ?pal|venmo|cash ?app|go ?fund ?me|patreon|ko-?fi|revolut|zelle|liberapay|donorbox|betterplace|just ?giving|open ?collective|boosty|"
    r"buy ?me ?a ?coffee)"
)
_GIVING = (
    saying(
        "donat chip crowd",
        rf"{_ASKED}{_GIVE}",
        r"\bdonate (?:here|below|button|link|via|using|through|now|today)\b|\bdonat(?:e|ions?)\s{0,2}[:→>]",
        rf"\b(?:and|or|then|also|now) {_GIVE}(?= (?:now|today|here|what you|something|whatever|generously|via)\b|\s?:)",
        r"\bdonations? (?:are|is|will be) (?:\w{1,20} ){0,2}(?:welcome|needed|wanted|accepted|appreciated)\b",
        r"\bconsider (?:making )?(?:an? |your )?(?:\w{1,20} )?donation\b",
    ),
    saying("donat chip crowd", rf",\s{{1,3}}(?:please )?{_GIVE}", unless=_PUNISHED),
    saying(
        "money fund cash crypto bitcoin euro dollar pound ble bucks pence donation € $ £ eur usd gbp btc usdt",
        rf"{_ASKED}(?:send|transfer|wire|give|spare|pay|lend|raise|contribute|collect|deposit|remit|offer|make|leave) {words(4, but=f'{_NO}|{_ELSE}')}{_CASH}",
        rf"\bwe (?:\w{{1,20}}ly |still |also )?(?:accept|take|welcome|need|collect|ask for|seek|appreciate) {words(3, but=_NO)}{_CASH}",
        rf"\bthey (?:\w{{1,20}}ly |still |also )?need {words(3, but=_NO)}{_CASH}",
        rf"\bwe(?: are|'re) (?:\w{{1,20}} )?(?:raising|collecting|gathering) {words(3, but=_NO)}{_CASH}",
        rf"\b(?:help|support|back) {words(4, but=_NO)}(?:with (?:some |a |your )?(?:money|cash|donation|funds)|raise (?:the )?{_CASH})",
        rf"\b(?:even|just|as little as) (?:[€$£]\s?\d+|\d+ ?(?:euros?|dollars?|pounds|bucks|[€$£])) {_DOES}",
    ),
    saying(
        "your every each",
        rf"\byour (?:\w{{1,20}} )?(?:donations?|gifts?|money|euros?|dollars?|pounds?|contributions?) {_DOES}",
        rf"\b(?:every|each|any) (?:single )?(?:euro|dollar|pound|penny|cent|ro?u?ble|donation|gift|contribution|coin) (?:you give |given )?{_DOES}",
    ),
    saying(
        "give contribut financial fund crowd coffee ticket flight sponsor",
        rf"{_ASKED}give (?:generously|monthly|(?:now|today)(?=\W{{0,3}}(?:\Z|[.!:]|(?:to|at|via|here|https?)\b))|(?:what|whatever|as much as) you can (?:to|today|now|afford|here|at)\b|to (?:\w{{1,20}} ){{0,2}}(?:sos|fund|network|fundraiser|appeal)\b)",
        rf"{_ASKED}contribute (?:financially|to (?:\w{{1,20}} ){{0,2}}(?:fund|fundraiser|appeal|crowdfunding)\b)",
        rf"\b(?:support|help|back) {words(4, but=_NO)}financially\b|\bfinancial (?:help|support|aid) is (?:\w{{1,20}} )?(?:needed|welcome)\b",
        r"\b(?:our|my|this|join|support|share) (?:the |our |this |my )?(?:fund-?raisers?|crowd-?fund\w{0,5}|go ?fund ?me)\b|\bwe(?: are|'re) (?:\w{1,20} )?(?:fund-?raising|crowd-?funding)\b",
        rf"{_ASKED}(?:sponsor|buy (?:us|me|them|him|her|some(?:one|body))) (?:an? |one )?(?:\w{{1,20}} )?(?:coffee|ticket|flight|room|meal|person|family|evacuation)\b",
    ),
    saying(
        "spende uberweis jede don chaque cada",
        r"\b(?:bitte|jetzt) spende[tn]?\b|\bspende[tn]? (?:bitte|jetzt|heute|an|hier|fur|unter|sie)\b|\bspendenkonto\b|\b(?:eure|ihre|deine) spenden? (?:hilft|helfen|rettet|retten)\b",
        r"\buberweis(?:t|e|en sie) (?:\w{1,20} ){0,2}(?:geld|\d)|\bjede[rn]? (?:euro|cent|spende) (?:hilft|zahlt|rettet)\b",
        r"\b(?:faites|fais) (?:un )?dons?\b|\bdonnez (?:maintenant|ici|ce que|pour)\b|\bvo(?:s|tre) dons? (?:aide|sauve|compte)|\bchaque euro (?:compte|aide)",
        r"\bdon(?:a|ad|en) (?:ahora|hoy|aqui|lo que)\b|\bha(?:z|ga|gan) una donacion\b|\btu(?:s)? donacion(?:es)? (?:ayuda|salva)|\bcada euro (?:cuenta|ayuda)",
    ),
)
#: A way to pay: whose it is, no ledger can tell.
_PAYING = (
    saying(
        "pal venmo cash fund patreon fi revolut zelle liberapay donorbox betterplace giving collective boosty coffee",
        rf"\b(?:via|through|on|our|my|her|his|their) {_PAYERS}\b|\b{_PAYERS}\s?[:@]",
    ),
    saying("0 1 2 3 4 5 6 7 8 9", r"\b[a-z]{2}\d{2}\s?[a-z0-9]{4}(?:\s?\d{4}){2,6}(?!\w)"),
    _WALLETS,
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
    asked = [_ASKS] + ([_HOSTS, _WALLETS, _ENGLISH, *_GIVING, *_PAYING] if _russian(passage, plain) else [])
    for saying_ in asked:
        if found := _first(saying_, plain.small):
            shown = passage.text[slice(*plain.span(*found))].strip()[:30]
            yield Remark(
                f'"{shown}" asks for money in Russian; whoever gives in Russia risks prison.',
                "Take the ask out of the Russian text.",
            )
            return


def asks_for_money(passage: Passage, standards: Standards) -> Iterator[Remark]:
    """An ask for money that no call of the ledger makes. A post that makes one may say more around it, and names no other way to pay."""
    plain = skeleton(passage.text)
    if _russian(passage, plain):
        return  # a rule of its own refuses it
    called = Spans(of_calls(passage.vouched))
    for asks in _PAYING if passage.gives else (*_GIVING, *_PAYING, _PAGES):
        for start, end in asks.all(plain.small):
            last = plain.span(end - 1, end)
            if not called.hold(last) and not _refused(plain.small, start):
                shown = passage.text[plain.span(start, end)[0] : last[1]].strip()[:40]
                yield Remark(
                    f'"{shown}" asks for money, and nobody has verified who gets it.',
                    "Take it out. For a verified recipient: clarion queue add donate",
                )
                return


def asks(words: str) -> bool:
    """Whether words of the ledger, in any language but Russian, ask for money."""
    small = skeleton(words).small
    return any(_first(each, small) for each in (*_GIVING, *_PAYING, _PAGES))


def _russian(passage: Passage, plain: Skeleton) -> bool:
    return passage.language.partition("-")[0] == "ru" or _mostly(plain.small)


def _first(asks: Saying, text: str) -> tuple[int, int] | None:
    return next((span for span in asks.all(text) if not _refused(text, span[0])), None)


def _refused(text: str, place: int) -> bool:
    """Whether a "not" governs the verb at a place."""
    before = text[max(place - 80, 0) : place]
    return any(refusal.search(before) for refusal in (_NOT, _LISTED, _NOT_EN))


def _mostly(text: str) -> bool:
    return len(_CYRILLIC.findall(text)) > len(_LATIN.findall(text))
