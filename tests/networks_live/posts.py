"""Posts as people write them, in many languages, made by chance from pieces: the same ones for the same seed.

Out: texts for a counter or a detector of links to be tried on, for it and its reference to agree on.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

#: Sentences, with a place for a number, a name or nothing. One tuple a language.
SENTENCES: dict[str, tuple[str, ...]] = {
    "en": (
        "Today we remember what was reported on 1 April 2017.",
        "The Court was unanimous: torture, discrimination, no effective investigation.",
        "Lapunov v. Russia, no. 28834/19, isn't history yet.",
        "“They are not a mistake and they are not alone.”",
        "Read it, then tell one person – that's all we ask!",
        "Write to your representative; ask about visas, asylum & the judgment.",
        "Is anybody listening? We are.",
        "It's 9:30 a.m. in Brussels, e.g. a good time to call +/- now…",
        "More than 100 men were reported detained (Novaya Gazeta, April 2017).",
        "Press, MPs and NGOs: the report is out — 47 pages, 12.5 MB, free.",
    ),
    "ru": (
        "Сегодня годовщина: 29 марта 2017 года об этом впервые узнали.",
        "Европейский суд единогласно признал пытки и дискриминацию.",
        "Дело «Лапунов против России», № 28834/19, ещё не закончено.",
        "Прочитайте и расскажите одному человеку — этого достаточно!",
        "Кто-нибудь слышит? Мы слышим…",
        "Подъезд, объём, ёлка: буквы как буквы.",
        "Осторожно: насилие. Подробности — по ссылке.",
        "Это было в г. Грозном; власти всё отрицали.",
    ),
    "de": (
        "Am 12. September 2023 stellte der Gerichtshof fest: Folter.",
        "Übrigens: Größe, Straße, Äpfel – alles „wie gewohnt“.",
        "Schreiben Sie Ihrer Abgeordneten, z. B. heute noch!",
        "Kein Mensch ist allein; lesen & weitersagen.",
    ),
    "fr": (
        "La Cour a conclu à l’unanimité : torture, discrimination.",
        "Où ? Quand ? Déjà à 18 h 30, à l’hôtel de ville…",
        "Écrivez à votre députée, s’il vous plaît !",
        "« Ils ne sont pas seuls », dit-elle.",
    ),
    "es": (
        "¿Quién escucha? ¡Nosotros, siempre!",
        "El Tribunal lo declaró por unanimidad en 2023.",
        "Mañana, a las 19:00, en la plaza del ayuntamiento.",
        "Escríbele a tu representante sobre los visados.",
    ),
    "uk": (
        "Суд одноголосно визнав катування.",
        "Чи хтось чує? Ми чуємо, і це вже щось.",
        "Їжак, ґанок, п’ять.",
    ),
    "pl": ("Trybunał orzekł jednogłośnie.", "Zażółć gęślą jaźń, proszę.", "Czy ktoś słucha? Tak!"),
    "tr": ("Mahkeme oybirliğiyle karar verdi.", "İstanbul'da saat 19.00'da buluşuyoruz.", "Yalnız değiller."),
    "ka": ("სასამართლომ ერთხმად დაადგინა.", "ისინი მარტო არ არიან."),
    "he": ("בית המשפט קבע פה אחד.", "הם לא לבד."),
    "ar": ("حكمت المحكمة بالإجماع.", "ليسوا وحدهم، نحن هنا.", "اقرأ الحكم؟ نعم!"),
    "hi": ("न्यायालय ने सर्वसम्मति से निर्णय दिया।", "वे अकेले नहीं हैं।"),
    "ja": ("裁判所は全員一致で認定しました。", "一人にだけ伝えてください！", "「彼らは一人ではない」"),
    "zh": ("法院一致裁定存在酷刑。", "请告诉一个人，好吗？", "他们并不孤单……"),
    "ko": ("법원은 만장일치로 판결했습니다.", "그들은 혼자가 아닙니다."),
    "th": ("ศาลมีมติเป็นเอกฉันท์", "พวกเขาไม่ได้อยู่คนเดียว"),
    "vi": ("Tòa án nhất trí kết luận có tra tấn.", "Họ không cô đơn đâu!"),
    "el": ("Το Δικαστήριο έκρινε ομόφωνα.", "Δεν είναι μόνοι· ακούμε."),
}
LINKS = (
    *(
        "https://hudoc.echr.coe.int/eng?i=001-226452",
        "https://www.hrw.org/news/2017/05/26/report",
        "https://hrw.org",
    ),
    *(
        "http://example.org/a?b=c&d=e#f",
        "https://example.org/путь/к-решению?lang=ru",
        "https://пример.рф/страница",
    ),
    *(
        "example.org",
        "example.org/en",
        "www.example.co.uk/",
        "https://example.org/a_(b)",
        "HTTPS://Example.org/Path",
    ),
    *("https://t.co/AbCdEf1234", "https://xn--e1afmkfd.xn--p1ai/x", "https://example.museum/x/y/z/?q=1,2;3"),
    *(
        "https://example.com:8443/live",
        "https://a-very-long-name-for-a-host.example-campaign.org/with/a/path",
    ),
)
TAGS = (
    *(
        "#EyesOnChechnya",
        "#CloseTheCamps",
        "#Chechnya",
        "#Чечня",
        "#LGBT",
        "#IDAHOBIT2026",
        "#17mai",
        "#人権",
    ),
    *("#Menschenrechte", "#DroitsHumains", "#DerechosHumanos", "#حقوق_الإنسان", "#אנחנו_כאן", "#인권"),
)
MENTIONS = (
    "@amnesty",
    "@hrw",
    "@ann.bsky.social",
    "@press.example.org",
    "@coe_ECHR",
    "@eyes@social.example.org",
)
#: Known to Unicode 11.
EMOJI = (
    *(
        "🕯️",
        "🕯",
        "❤️",
        "❤",
        "🏳️‍🌈",
        "🇷🇺",
        "🇪🇺",
        "👍🏽",
        "👩‍👩‍👧",
        "👨‍👨‍👦",
        "✊",
        "✊🏿",
        "✍️",
        "📣",
        "🙏",
        "☺️",
        "☺",
    ),
    *(
        "👩‍💻",
        "👨🏻‍⚕️",
        "🏃‍♀️",
        "🤷🏼‍♂️",
        "1️⃣",
        "#️⃣",
        "©️",
        "™",
        "‼️",
        "➡️",
        "▶",
        "🏴󠁧󠁢󠁥󠁮󠁧󠁿",
        "👁‍🗨",
        "👨‍❤️‍💋‍👨",
        "🎗",
        "⚖️",
        "♥",
    ),
)
#: Listed by Unicode only later: X's published counter takes each for several.
NEWER_EMOJI = (
    *(
        "❤️‍🔥",
        "❤️‍🩹",
        "🏳️‍⚧️",
        "🧑‍🚀",
        "🧑🏽‍🤝‍🧑🏿",
        "👩🏾‍❤️‍👩🏻",
        "🫱🏻‍🫲🏿",
        "😮‍💨",
        "🧍🏽",
        "🤏🏽",
        "🫶🏾",
        "⛓️‍💥",
    ),
    *("👩🏻‍🦽‍➡️", "🚶🏽‍♀️‍➡️", "🧑‍🧑‍🧒‍🧒", "♾️", "🐻‍❄️", "👁️‍🗨️", "🧑🏻‍🎓"),
)
JOINS = (" ", " ", " ", " ", "\n", "\n\n", ", ", ": ", " — ", " (", ") ", "\u00a0", ". ")
#: What counters and detectors have stumbled over, glued together without regard to sense.
HARD = (
    *(
        "©",
        "®",
        "™",
        "“quoted”",
        "«ёлки»",
        "–",
        "№ 28834/19",
        "12.5",
        "don’t",
        "e\u0301",
        "naïve",
        "☺",
        "RT",
        "&amp;",
    ),
    *(
        "HTTPS://EXAMPLE.ORG/Путь",
        "hrw.org/en.",
        "(example.org/a_(b))",
        "example.com:8080/x",
        "пример.рф",
        "правда.com",
    ),
    *(
        "user@example.com",
        "t.co/abc",
        "foo_bar.example.com",
        "example.org,",
        "«example.org»",
        "https://example.org/a,b;c!",
    ),
    *(
        "a.b.c.museum/x?y=z.",
        "U.S.A",
        "-example.org",
        "https://exa_mple.org",
        "https://-a.org",
        "example.invalidtld",
    ),
    *(
        "#example.org",
        "$example.org",
        "example.orgпривет",
        "приветexample.org",
        "#1",
        "#Tag—now",
        "#Tag’s",
        "(#Tag)",
    ),
    *(
        '"#Tag"',
        "#A#B",
        "＃Tag",
        "#",
        "@",
        "$TSLA",
        "#half\u200bhidden",
        "\u202a",
        "\u3000",
        "#a·b",
        "_#x_",
        "#Чечня,",
    ),
)


def realistic(count: int, *, seed: int, newer: float = 0.06) -> list[str]:
    """Posts; of each hundred, `newer` × 100 carry an emoji newer than Unicode 11."""
    chance = Random(seed)
    return [_post(chance, newer=chance.random() < newer) for _ in range(count)]


def hard(count: int, *, seed: int) -> list[str]:
    """Texts that nobody would write, from pieces that are hard to tell apart."""
    chance = Random(seed)
    pieces = (*HARD, *LINKS, *TAGS, *MENTIONS, *EMOJI)
    return [
        "".join(
            _one(chance, pieces) + _one(chance, (*JOINS, "", "", ""))
            for _ in range(1 + int(14 * chance.random()))
        )
        for _ in range(count)
    ]


def _post(chance: Random, *, newer: bool) -> str:
    spoken = _one(chance, tuple(SENTENCES))
    words = [_one(chance, SENTENCES[spoken]) for _ in range(1 + int(3 * chance.random()))]
    if chance.random() < 0.2:
        words.append(_one(chance, SENTENCES[_one(chance, tuple(SENTENCES))]))
    for of, likely in ((EMOJI, 0.5), (MENTIONS, 0.2), (LINKS, 0.7), (LINKS, 0.1)):
        if chance.random() < likely:
            words.insert(int((len(words) + 1) * chance.random()), _one(chance, of))
    if newer:
        words.insert(int((len(words) + 1) * chance.random()), _one(chance, NEWER_EMOJI))
    text = words[0] + "".join(_one(chance, JOINS) + word for word in words[1:])
    tags = [_one(chance, TAGS) for _ in range(int(4 * chance.random()))]
    return text + (_one(chance, ("\n\n", "\n", " ")) + " ".join(tags) if tags else "")


def _one(chance: Random, of: Sequence[str]) -> str:
    """`random()` alone gives the same numbers in every version of Python."""
    return of[int(len(of) * chance.random())]
