"""Names: given names by which a person's name is known in a text, and the public figures who may be named.

In: the campaign folder (`posts/figures.toml`). Out: stems, as `stems.py` makes them.
"""

from __future__ import annotations

from pathlib import Path

from clarion.campaign import stems, toml
from clarion.campaign.toml import Table

FILE = "posts/figures.toml"

#: Who speaks, rules or reports in public on this, and whom the ledger names: a campaign without a file knows these.
PUBLIC = (
    "Igor Kochetkov",
    "Artem Kolesov",
    "Maxim Lapunov",
    "Elena Milashina",
    "Irina Gordienko",
    "Ramzan Kadyrov",
    "Vladimir Putin",
    "Alvi Karimov",
    "Tanya Lokshina",
    "Angela Merkel",
    "Magomed Daudov",
    "Wolfgang Benedek",
    "David France",
)
_GIVEN = """
    Abdul Abubakar Adam Ahmed Akhmed Akhmat Aisha Albert Aleksandr Aleksei Alexander Alexey Alexei Ali
    Alikhan Alina Amina Anatoly Andrei Andrey Anna Anton Anzor Apti Artem Artyom Arsen Arthur Artur
    Aslan Aslambek Ayub Bekkhan Beslan Boris Daniil Danila David Deni Denis Dmitri Dmitry Dzhokhar Egor
    Ekaterina Elena Elina Eva Evgeny Fatima Galina Georgy German Gleb Grigory Hassan Hussein Ibragim
    Ibrahim Igor Ilya Irina Isa Ismail Ivan James Jamal John Karina Katya Khadizhat Khasan Khava Khusein
    Kirill Konstantin Ksenia Lechi Leila Leonid Lilia Luiza Magomed Makka Malika Marat Maria Marina
    Maryam Masha Maxim Maksim Medina Michael Mikhail Milana Movsar Mukhammad Musa Murad Nadezhda Natalia
    Natasha Nikita Nikolai Oksana Oleg Olga Pavel Petr Petya Polina Rasul Ramzan Rizvan Robert Roman
    Ruslan Rustam Said Salman Sasha Semyon Sergei Sergey Shamil Stanislav Stepan Suleiman Sultan
    Svetlana Tamerlan Tamila Tatiana Tatyana Timofei Timur Turpal Umar Vadim Valentin Valentina Valery
    Vasily Viktor Viktoria Vitaly Vladimir Vladislav Vyacheslav Yakov Yana Yaroslav Yevgeny Yulia Yuri
    Yusup Yusuf Zara Zarema Zaur Zelim Zelimkhan Zulay Александр Алексей Анатолий Андрей Анна Антон
    Арсен Артём Аслан Ахмат Ахмед Борис Вадим Василий Виктор Виталий Владимир Вячеслав Галина Григорий
    Денис Дмитрий Евгений Екатерина Елена Заур Зелимхан Ибрагим Иван Игорь Илья Ирина Ислам Кирилл
    Константин Ксения Магомед Максим Мария Марина Михаил Муса Наталья Никита Николай Олег Ольга Павел
    Пётр Рамзан Руслан Рустам Светлана Сергей Тамерлан Татьяна Тимур Умар Хасан Хусейн Шамиль Юлия
    Юрий Юсуп Яна
"""
#: Given names that are words of every day, too, in some case or in English.
_WORDS = frozenset(
    {"Adam", "German", "Said", "Roman", "Eva", "Zara", "Ali", "Isa", "Deni", "Nadezhda", "Alina"}
)

#: Their stems; a short one would be found in too many words.
_SHORTEST = 4
GIVEN = frozenset(
    stem
    for name in _GIVEN.split()
    if name not in _WORDS
    for stem in stems.of_name(name)
    if len(stem) >= _SHORTEST or stem == max(stems.of_name(name), key=len)
)


class _File(Table, frozen=True, kw_only=True):
    public: tuple[str, ...] = ()


def load(folder: Path) -> frozenset[str]:
    """The stems of the public figures' names, of the campaign in `folder` or the shipped ones."""
    path = folder / FILE
    names = toml.read(path).typed(_File).public if path.exists() else PUBLIC
    return of(names)


def of(names: tuple[str, ...]) -> frozenset[str]:
    """The stems by which they are known: of the last word of each name, which is the family's."""
    last = [name.split()[-1] for name in names if name.split()]
    return frozenset(stem for name in last for stem in stems.of_name(name))
