"""A template becomes text, with its facts remembered; a bad or hostile one becomes one clear error."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from clarion.campaign import plain, templates
from clarion.campaign.ledgers import facts
from clarion.campaign.ledgers.ledger import Ledger
from clarion.campaign.rendering import render
from clarion.campaign.rendering.render import Rendered
from clarion.errors import CampaignError
from tests.campaign.conftest import FACTS, POST, Folder
from tests.campaign.test_words import CALLS
from tests.counting import at_most

DUE = datetime(2027, 3, 29, 9, 30, tzinfo=ZoneInfo("Europe/Berlin"))
TAGS = ("#EyesOnChechnya", "#CloseTheCamps")


def rendered(
    folder: Folder,
    *,
    language: str = "en",
    due: datetime = DUE,
    wording: int = 1,
    variables: Mapping[str, str] | None = None,
) -> Rendered:
    return render.render(
        templates.load(folder.path, "one"),
        ledger=Ledger.load(folder.path),
        language=language,
        network="mastodon",
        variables=variables or {},
        due=due,
        tags=(),
        wording=wording,
    )


def text(
    folder: Folder,
    source: str,
    *,
    language: str = "en",
    due: datetime = DUE,
    variables: Mapping[str, str] | None = None,
) -> str:
    folder.write("posts/one/en.md", source)
    folder.write("posts/one/ru.md", source)
    return rendered(folder, language=language, due=due, variables=variables).parts[0]


def refusal(
    folder: Folder, source: str | bytes, variables: Mapping[str, str] | None = None
) -> tuple[str, str]:
    folder.write("posts/one/en.md", source)
    with pytest.raises(CampaignError) as caught:
        rendered(folder, variables=variables)
    return caught.value.message, caught.value.hint or ""


# ── what it makes ─────────────────────────────────────────────────────────────────────────────────────────────


def test_a_line_of_three_hyphens_starts_the_next_part(folder: Folder) -> None:
    folder.write("posts/one/en.md", "One.  \n\n\n\nTwo.\n--- \nThree -- or ---four.\n")
    assert rendered(folder).parts == ("One.\n\nTwo.", "Three -- or ---four.")


def test_the_text_is_composed_and_nothing_in_it_is_escaped(folder: Folder) -> None:
    assert text(folder, "Cafe\u0301 & <b> {{ a }}", variables={"a": "é<"}) == "Café & <b> é<"


def test_a_value_is_never_taken_for_a_template(folder: Folder) -> None:
    assert text(folder, "{{ a }}", variables={"a": "{{ fact('wrong') }}"}) == "{{ fact('wrong') }}"


def test_a_fact_is_printed_and_remembered(folder: Folder) -> None:
    folder.write("posts/one/en.md", '{{ fact("learned")|sentence }}.')
    post = rendered(folder)
    assert post.parts == ("The Network learned of it on 29 March 2017.",)
    assert [(used.kind, used.id) for used in post.used] == [("fact", "learned")]


def test_a_fact_relied_on_but_not_printed_is_remembered_too(folder: Folder) -> None:
    folder.write("posts/one/post.toml", POST + 'facts = ["learned"]\n')
    assert [used.id for used in rendered(folder).used] == ["learned"]


def test_what_a_post_asks_and_whom_is_known(folder: Folder) -> None:
    folder.write("posts/calls.toml", CALLS)
    folder.write("posts/one/post.toml", POST + 'calls = ["inform"]\naudience = "outside-russia"\n')
    folder.write("posts/one/en.md", '{{ call("watch") }}')
    post = rendered(folder)
    assert post.calls == ("watch", "inform")
    assert [(used.kind, used.id) for used in post.used] == [("call", "watch"), ("call", "inform")]
    assert post.audience == "outside-russia"


def test_a_call_relied_on_must_be_one_the_language_may_make(folder: Folder) -> None:
    folder.write("posts/calls.toml", CALLS)
    folder.write("posts/one/post.toml", POST + 'calls = ["donate"]\n')
    assert rendered(folder).calls == ("donate",)
    with pytest.raises(CampaignError, match='the call "donate" must never be said in "ru"'):
        rendered(folder, language="ru")


def test_many_are_rendered_at_once_and_one_that_fails_fails_alone(folder: Folder) -> None:
    folder.write("posts/one/ru.md", "{{ place }}")
    template, ledger = templates.load(folder.path, "one"), Ledger.load(folder.path)
    english, russian, again = render.render_all(
        [
            render.Asked(
                template=template,
                ledger=ledger,
                language=language,
                network="x",
                variables={},
                due=DUE,
                tags=TAGS,
            )
            for language in ("en", "ru", "en")
        ]
    )
    assert isinstance(russian, CampaignError)
    assert isinstance(english, Rendered)
    assert english == again


def test_what_was_compiled_once_is_made_anew_for_every_language_and_due_time(folder: Folder) -> None:
    folder.write(
        "posts/_partials/learned.md", '{{ "2017-03-29"|date }}, {{ "2017-03-29"|years_since|years }}'
    )
    for language in ("en", "ru"):
        folder.write(f"posts/one/{language}.md", '{% include "learned.md" %}')
    template, ledger = templates.load(folder.path, "one"), Ledger.load(folder.path)
    posts = render.render_all(
        [
            render.Asked(
                template=template,
                ledger=ledger,
                language=language,
                network="x",
                variables={},
                due=DUE.replace(year=year),
                tags=(),
            )
            for language, year in (("en", 2027), ("ru", 2027), ("ru", 2031))
        ]
    )
    assert [post.parts for post in posts if isinstance(post, Rendered)] == [
        ("29 March 2017, 10 years",),
        ("29 марта 2017, 10 лет",),
        ("29 марта 2017, 14 лет",),
    ]


def test_dates_and_years_are_in_the_posts_language(folder: Folder) -> None:
    source = '{{ due|date }}, {{ due|time }}, {{ fact_date("learned")|years_since|years }}'
    assert text(folder, source) == "29 March 2027, 09:30, 10 years"
    assert text(folder, source, language="ru") == "29 марта 2027, 09:30, 10 лет"


@pytest.mark.parametrize(
    ("year", "words"), [(2018, "1 год"), (2020, "3 года"), (2028, "11 лет"), (2038, "21 год")]
)
def test_russian_years_have_their_form(folder: Folder, year: int, words: str) -> None:
    source = '{{ "2017-03-29"|years_since|years }}'
    assert text(folder, source, language="ru", due=DUE.replace(year=year)) == words


def test_the_day_before_an_anniversary_is_not_a_year_more(folder: Folder) -> None:
    assert text(folder, '{{ "2017-03-29"|years_since }}', due=DUE.replace(day=28)) == "9"


def test_pieces_come_from_the_partials_and_the_own_folder(folder: Folder) -> None:
    folder.write("posts/_partials/sign-off.md", "Keep looking, {{ who }}.")
    folder.write("posts/one/_piece.md", "Mine. ")
    source = '{% include "_piece.md" %}{% include "sign-off.md" %}'
    assert text(folder, source, variables={"who": "you"}) == "Mine. Keep looking, you."
    assert render.asked_by(templates.load(folder.path, "one")) == {"who"}


def test_plain_templates_can_choose_and_repeat(folder: Folder) -> None:
    source = '{% for w in ["a", "b"] %}{{ w }}{% endfor %}{% if x is defined %}{{ x }}{% else %}-{% endif %}{# no #}'
    assert text(folder, source) == "ab-"


def test_a_file_with_a_byte_order_mark_and_windows_line_ends_is_plain_text(folder: Folder) -> None:
    folder.write("posts/one/en.md", b"\xef\xbb\xbfOne.\r\n---\r\nTwo.\r\n")
    assert rendered(folder).parts == ("One.", "Two.")


def test_the_warning_is_in_the_posts_language(folder: Folder) -> None:
    folder.write("posts/one/post.toml", POST + '[warning]\nen = " CW: torture "\nru = "Осторожно"\n')
    assert rendered(folder).warning == "CW: torture"
    assert rendered(folder, language="ru").warning == "Осторожно"


# ── what a person said ────────────────────────────────────────────────────────────────────────────────────────


def test_what_is_said_is_literal_and_gets_its_tags() -> None:
    assert render.literal("{{ 1 }} {% raw %}", tags=TAGS).parts == (
        "{{ 1 }} {% raw %}\n\n#EyesOnChechnya #CloseTheCamps",
    )


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("Look.", "Look.\n\n#EyesOnChechnya #CloseTheCamps"),
        ("Look. #closethecamps #EyesOnChechnya", "Look. #closethecamps #EyesOnChechnya"),
        ("Look.\n\n#Chechnya", "Look.\n\n#Chechnya #EyesOnChechnya #CloseTheCamps"),
        ("Look at #EyesOnChechnyaNow", "Look at #EyesOnChechnyaNow\n\n#EyesOnChechnya #CloseTheCamps"),
        ("(#EyesOnChechnya)", "(#EyesOnChechnya)\n\n#EyesOnChechnya #CloseTheCamps"),
    ],
)
def test_each_missing_tag_is_added_and_none_twice(said: str, shown: str) -> None:
    assert plain.with_tags(said, TAGS) == shown


@pytest.mark.parametrize(
    ("said", "why"),
    [("  \n", "there is no text"), ("a\n---\n", "part 2 is empty"), ("a" * 20_001, "20,001 characters long")],
)
def test_it_refuses_to_say_nothing_or_too_much(said: str, why: str) -> None:
    with pytest.raises(CampaignError, match=why):
        render.literal(said, tags=TAGS)


# ── what is wrong ─────────────────────────────────────────────────────────────────────────────────────────────


def test_a_missing_value_is_named_with_its_line_and_how_to_give_it(folder: Folder) -> None:
    assert refusal(folder, "One.\n\nIn {{ place }}.") == (
        'posts/one/en.md, line 3: "place" has no value',
        'give it one: --set place="…"; to try the post, under [example] in its post.toml',
    )


@pytest.mark.parametrize("said", ["{{ place|date }}", "{{ place|time }}", "{{ fact(place) }}"])
def test_a_missing_value_is_named_behind_a_filter_too(folder: Folder, said: str) -> None:
    message, hint = refusal(folder, said)
    assert message == 'posts/one/en.md, line 1: "place" has no value'
    assert hint == 'give it one: --set place="…"; to try the post, under [example] in its post.toml'


def test_a_value_nobody_asks_for_is_refused(folder: Folder) -> None:
    message, hint = refusal(folder, "In {{ place }}.", variables={"plcae": "Berlin"})
    assert message == 'posts/one does not ask for "plcae"'
    assert hint == 'did you mean "place"?'


@pytest.mark.parametrize("empty", ["", "  ", "\u00a0"])
def test_an_empty_value_is_refused(folder: Folder, empty: str) -> None:
    message, hint = refusal(folder, "In {{ place }}.", variables={"place": empty})
    assert (message, hint) == ('the value of "place" is empty', 'say it: --set place="…"')


@pytest.mark.parametrize(
    ("id_", "said"),
    [
        ("lerned", 'posts/one/en.md: there is no fact "lerned" in posts/facts.toml'),
        ("wrong", 'posts/one/en.md: the fact "wrong" is blocked in posts/facts.toml: it is false'),
    ],
)
def test_a_fact_that_may_not_be_said_is_refused_naming_both_places(
    folder: Folder, id_: str, said: str
) -> None:
    message, hint = refusal(folder, f'{{{{ fact("{id_}") }}}}')
    assert message == said
    assert hint


def test_a_fact_without_a_wording_in_the_language_is_refused(folder: Folder) -> None:
    folder.write("posts/one/ru.md", '{{ fact("english-only") }}')
    with pytest.raises(CampaignError) as caught:
        rendered(folder, language="ru")
    assert caught.value.message == (
        'posts/one/ru.md: the fact "english-only" has no wording in "ru" in posts/facts.toml'
    )


def test_a_date_too_early_for_its_years_is_refused(folder: Folder) -> None:
    assert "less than a year after" in refusal(folder, '{{ "2027-01-01"|years_since }}')[0]


def test_a_function_that_is_not_there_is_said_in_plain_words(folder: Folder) -> None:
    message, hint = refusal(folder, "One.\n{% for n in range(3) %}x{% endfor %}")
    assert message == (
        "posts/one/en.md, line 2: there is no range(…) in templates; there are: "
        "call(…), call_link(…), day(…), day_name(…), fact(…), fact_date(…)"
    )
    assert "docs" not in hint


def test_a_ledger_that_is_gone_is_said_to_be_missing(folder: Folder) -> None:
    (folder.path / "posts" / "facts.toml").unlink()
    message, hint = refusal(folder, '{{ fact("learned") }}')
    assert message.endswith('the fact "learned" cannot be looked up, because posts/facts.toml is missing')
    assert hint == "bring posts/facts.toml back, or write it anew with [facts.learned]"


def test_a_text_that_is_not_utf8_is_refused(folder: Folder) -> None:
    assert (
        refusal(folder, "a\nПривет".encode("cp1251"))[0] == "posts/one/en.md, line 2: this is not UTF-8 text"
    )


def test_a_network_the_template_is_not_for_is_refused(folder: Folder) -> None:
    folder.write("posts/one/post.toml", POST + 'networks = ["x"]\n')
    with pytest.raises(CampaignError, match="posts/one is not for mastodon"):
        rendered(folder)


HOSTILE = {
    "loops inside loops": "".join(f"{{% for {name} in x %}}" for name in "abcdef") + "{% endfor %}" * 6,
    "a filter inside a loop": "{% for c in x %}{% if x|upper %}{% endif %}{% endfor %}",
    "a comparison inside a loop": '{% for c in x %}{% if x == "y" %}{% endif %}{% endfor %}',
    "numbers to loop over": "{% for a in range(10**9) %}x{% endfor %}",
    "multiplied text": '{{ "x" * 10**9 }}',
    "added text": '{{ "x" + "y" }}',
    "a power": "{{ 9**9**9 }}",
    "joined text": '{% set a = "x" ~ "y" %}{{ a }}',
    "a macro": "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
    "a method": '{{ "x".center(1000000000) }}',
    "a borrowed method": '{% set fact = "x".center %}{{ fact(1000000000) }}',
    "a costly filter": '{{ "x"|center(1000000000) }}',
    "a growing list": "{% set a = [1] %}{% set b = [a, a] %}",
    "a printed list": "{{ [1, 2] }}",
    "a format": '{{ "%99999999d"|format(1) }}',
    "Python's insides": "{{ ''.__class__.__mro__ }}",
    "functions' insides": "{{ fact.__globals__ }}",
    "globals": "{{ self.__init__ }}",
    "an import": '{% import "en.md" as x %}',
    "a file elsewhere": '{% include "../../config.toml" %}',
    "an absolute file": '{% include "/etc/passwd" %}',
    "an include of itself": '{% include "en.md" %}',
    "an include inside a loop": '{% for a in "xx" %}{% include "ru.md" %}{% endfor %}',
    "an include by value": "{% include due %}",
    "deep nesting": "{{ " + "(" * 5_000 + "1" + ")" * 5_000 + " }}",
    "many ifs": "{% if 1 %}" * 3_000 + "{% endif %}" * 3_000,
    "a broken tag": "{% for %}",
    "an unclosed value": "Hello {{ due",
    "an unknown filter": "{{ due|nice }}",
    "a filter misused": '{{ "soon"|date }}',
    "a date unformatted": "{{ due }}",
    "nothing printed": "{{ none }}",
    "a long file": "x" * 70_000,
    "a long text": "{% for a in x %}" + "y" * 1_000 + "{% endfor %}",
    "bad arithmetic": '{{ 1 - "a"|length - due }}',
}


#: Steps. The longest of these takes a third of them to be read and refused; to be followed, a loop takes any number.
FEW = 500_000


@pytest.mark.parametrize("source", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_or_broken_template_is_one_clear_error_after_few_steps(folder: Folder, source: str) -> None:
    variables = {"x": "x" * 1_000} if "in x " in source else {}
    with at_most(FEW):
        message, hint = refusal(folder, source, variables=variables)
    assert message.startswith(("posts/one/en.md", "posts/one/ru.md"))
    assert "\n" not in message
    assert hint


def test_a_text_that_grows_too_long_is_stopped_while_it_grows(folder: Folder) -> None:
    source = "{% for a in x %}" + "y" * 1_000 + "{% endfor %}"
    message, _ = refusal(folder, source, variables={"x": "x" * 10_000})
    assert message == "posts/one/en.md: this renders to more than 20,000 characters"


def test_an_include_that_is_a_link_out_of_the_folder_is_refused(folder: Folder) -> None:
    (folder.path / "posts/one/_config.md").symlink_to(folder.path / "config.toml")
    message, _ = refusal(folder, '{% include "_config.md" %}')
    assert message == 'posts/one/en.md, line 1: there is no piece "_config.md" to include'


def test_includes_that_multiply_are_cut_off(folder: Folder) -> None:
    for number in range(20):
        folder.write(f"posts/one/_{number}.md", f'{{% include "_{number + 1}.md" %}}' * 2)
    folder.write("posts/one/_20.md", "x")
    assert "more than 50 files are included" in refusal(folder, '{% include "_0.md" %}')[0]


# ── the ledger, later ─────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("on 29 March 2017", "on 30 March 2017", "has changed since the post was queued"),
        ('source = "The Network"', 'source = "Another"', "has changed since the post was queued"),
        ("date = 2017-03-29", 'status = "blocked"\nwhy = "no"\ndate = 2017-03-29', "is blocked: no"),
        ("[facts.learned]", "[facts.other]", "is no longer in posts/facts.toml"),
        (
            "date = 2017-03-29",
            "review_by = 2026-01-01\ndate = 2017-03-29",
            "should have been reviewed by 2026-01-01",
        ),
        ("checked_on = 2026-11-01", "checked_on = 2027-01-01", None),
        ("сеть узнала", "Сеть узнала", None),
    ],
)
def test_a_used_fact_is_watched(folder: Folder, old: str, new: str, why: str | None) -> None:
    used = facts.Facts.load(folder.path).used("learned", "en")
    folder.write("posts/facts.toml", FACTS.replace(old, new, 1))
    broken = facts.Facts.load(folder.path).broken(used, "en", date(2026, 11, 1))
    assert broken == why if why is None else why in (broken or "")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("date = 2017-03-29", 'date = "last spring"', "posts/facts.toml, line 4: facts.learned.date"),
        ('source = "The Network"\n', "", "posts/facts.toml, line 1: facts.learned.source is missing"),
        (
            'en = "the Network learned of it on 29 March 2017"',
            'en = " "',
            "facts.learned.wording.en is empty",
        ),
        ('why = "it is false"\n', "", "facts.wrong.why is missing"),
        ('status = "blocked"', 'status = "maybe"', 'facts.wrong.status cannot be "maybe"'),
    ],
)
def test_a_careless_ledger_is_refused(folder: Folder, old: str, new: str, said: str) -> None:
    folder.write("posts/facts.toml", FACTS.replace(old, new, 1))
    with pytest.raises(CampaignError) as caught:
        facts.Facts.load(folder.path)
    assert said in caught.value.message


def test_a_campaign_without_a_ledger_has_no_facts(folder: Folder) -> None:
    (folder.path / "posts/facts.toml").unlink()
    assert facts.Facts.load(folder.path).ids() == []
