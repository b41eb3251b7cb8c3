from __future__ import annotations

import unicodedata
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from clarion import networks
from clarion.composing.compose import Composed, require_clean
from clarion.composing.freeze import weight
from clarion.errors import CampaignError, CheckFailed
from tests.composing.conftest import CONFIG, DUE, FACTS, POST, Desk
from tests.composing.golden import is_golden

GOLDEN = Path(__file__).parent / "golden"


NO_THREADS = CONFIG.replace('network = "bluesky"\n', 'network = "bluesky"\nthreads = false\n')


def one(posts: list[Composed], network: str, language: str) -> Composed:
    [post] = [post for post in posts if (post.account.network, post.language) == (network, language)]
    return post


def readable(post: Composed) -> str:
    """A payload as a person can check it."""
    payload = post.payload
    lines = [
        f"{post.account.network} · {payload.language} · {payload.visibility} · replies: {payload.replies}"
    ]
    lines.append(f"warning: {payload.warning}")
    for number, part in enumerate(payload.parts, 1):
        lines += [
            f"── {number}: {weight(part, payload, post.account)} of {post.account.limits.text}",
            part.text,
        ]
        raw = part.text.encode()
        lines += [f"[{f.kind}] {raw[f.start : f.end].decode()} → {f.value}" for f in part.facets]
        lines += [f"[image {m.mime} {m.width}×{m.height}] {m.alt}" for m in part.media]
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("network", networks.NAMES)
@pytest.mark.parametrize("language", ["en", "ru"])
def test_a_template_becomes_what_each_network_gets(desk: Desk, network: str, language: str):
    post = one(desk.compose(slug="judgment"), network, language)
    assert post.findings == ()
    assert is_golden(GOLDEN / f"judgment.{network}.{language}.txt", readable(post))


def test_every_account_gets_the_languages_it_shares_with_the_template(desk: Desk):
    desk.write("config.toml", CONFIG + 'languages = ["ru", "de"]\n')  # X
    posts = desk.compose(slug="judgment")
    assert [(p.account.name, p.language) for p in posts if p.account.name != "mastodon"] == [
        ("x", "ru"),
        ("bluesky", "en"),
        ("bluesky", "ru"),
    ]


def test_a_language_asked_for_and_not_written_is_an_error(desk: Desk):
    with pytest.raises(CampaignError, match="posts/judgment is not written in de; it is in en, ru"):
        desk.compose(slug="judgment", languages=("de",))


def test_nothing_in_common_says_who_speaks_what(desk: Desk):
    desk.write("config.toml", CONFIG.replace('languages = ["en", "ru"]', 'languages = ["de"]'))
    with pytest.raises(CampaignError, match="takes posts/judgment in en, ru: they speak de"):
        desk.compose(slug="judgment")


def test_a_language_that_an_account_lacks_is_added_to_those_it_has(desk: Desk):
    desk.write("config.toml", CONFIG + 'languages = ["en"]\n')
    with pytest.raises(CampaignError) as caught:
        desk.compose(slug="judgment", languages=("ru",), accounts=("x",))
    assert caught.value.hint == 'add ru under [accounts.x] in config.toml: languages = ["en", "ru"]'
    with pytest.raises(CampaignError) as caught:
        desk.compose(text="Hola.", languages=("es",))
    assert 'languages = ["en", "es"]' in (caught.value.hint or "")


def test_what_is_no_language_is_not_offered_to_be_added(desk: Desk):
    with pytest.raises(CampaignError, match="“klingon” is not a language code"):
        desk.compose(text="nuqneH", languages=("klingon",))


def test_a_template_for_other_networks_says_so(desk: Desk):
    desk.write("posts/judgment/post.toml", 'networks = ["mastodon"]\n' + POST)
    with pytest.raises(CampaignError, match="is for mastodon, and the accounts asked are on x"):
        desk.compose(slug="judgment", accounts=("x",))


def test_only_the_accounts_asked_for_get_it(desk: Desk):
    assert {post.account.name for post in desk.compose(slug="judgment", accounts=("bluesky",))} == {"bluesky"}
    with pytest.raises(CampaignError, match='no account "blusky"') as caught:
        desk.compose(slug="judgment", accounts=("blusky",))
    assert "bluesky" in (caught.value.hint or "")


def test_a_template_for_one_network_stays_there(desk: Desk):
    desk.write("posts/judgment/post.toml", 'networks = ["mastodon"]\n' + POST)
    assert {post.account.network for post in desk.compose(slug="judgment")} == {"mastodon"}


def test_what_is_too_long_is_found_with_count_limit_and_what_to_write(desk: Desk):
    desk.write("config.toml", NO_THREADS)
    desk.write("posts/judgment/en.md", "words " * 60)
    posts = desk.compose(slug="judgment", languages=("en",))
    assert one(posts, "mastodon", "en").findings == ()
    [finding] = one(posts, "bluesky", "en").findings
    assert (finding.rule, finding.level, finding.where) == ("over-long", "never", "posts/judgment/en.md")
    # 60 × 6 less the last space; 2 + 30 for the tags; 11 + 2 for the warning line
    assert finding.why == "Bluesky takes 300 characters and counts 404 here: cut 104."
    assert "write posts/judgment/en.bluesky.md" in (finding.mend or "")


def test_what_is_too_long_becomes_a_thread_where_the_account_takes_one_and_the_tags_stay_on_top(desk: Desk):
    text = "Первое предложение о суде. " * 30
    desk.write("posts/judgment/ru.md", f"{text}\n---\nКонец.\n")
    post = one(desk.compose(slug="judgment", languages=("ru",)), "bluesky", "ru")
    first, *middle, last = [part.text for part in post.payload.parts]
    assert [each.rule for each in post.findings] == ["threaded"]
    assert first.startswith("Осторожно: пытки\n\nПервое")
    assert first.endswith("о суде.\n\n#EyesOnChechnya #CloseTheCamps")
    assert last == "Конец."
    said = [first.removeprefix("Осторожно: пытки\n\n").partition("\n\n")[0], *middle]
    assert len(said) > 1
    assert " ".join(said) == text.strip()
    assert all(weight(part, post.payload, post.account) <= 300 for part in post.payload.parts)


def test_a_warning_that_folds_takes_room_in_every_part(desk: Desk):
    desk.write("posts/judgment/ru.md", "Коротко.\n---\n" + "Предложение о суде. " * 40)
    post = one(desk.compose(slug="judgment", languages=("ru",)), "mastodon", "ru")
    weights = [weight(part, post.payload, post.account) for part in post.payload.parts]
    assert len(weights) == 3
    assert max(weights) <= 500
    assert [each.rule for each in post.findings] == ["threaded"]


def test_bytes_are_a_limit_of_their_own(desk: Desk):
    desk.write("config.toml", NO_THREADS)
    family = "👩‍👩‍👧‍👦"
    [post] = desk.compose(text=family * 200, accounts=("bluesky",))
    assert [f.why for f in post.findings if f.level == "never"] == [
        "Bluesky takes 3,000 bytes of text and this is 5,032: cut 2,032."
    ]


def test_a_block_is_counted_once_and_its_words_are_left_to_the_preview(desk: Desk):
    for name in ("en.md", "ru.md"):
        desk.write(f"posts/judgment/{name}", "+7 928 123-45-67")
    posts = desk.compose(slug="judgment", accounts=("mastodon", "bluesky"))
    with pytest.raises(CheckFailed) as caught:
        require_clean(posts)
    assert caught.value.message == "nothing was queued: one thing is blocked"
    assert posts[0].findings[0].why not in (caught.value.hint or "")


def test_what_is_clean_passes(desk: Desk):
    require_clean(desk.compose(slug="judgment"))


def test_x_takes_a_thread_only_where_the_account_allows_it(desk: Desk):
    (desk.folder / "posts/judgment/en.x.md").unlink()
    [post] = desk.compose(slug="judgment", accounts=("x",), languages=("en",))
    [finding] = post.findings
    assert (finding.level, finding.why) == ("never", "This has 2 parts, and X takes single posts here.")
    assert (
        finding.mend
        == "Write posts/judgment/en.x.md, or set threads = true under [accounts.x] in config.toml."
    )
    desk.write("config.toml", CONFIG + "threads = true\n")
    [post] = desk.compose(slug="judgment", accounts=("x",), languages=("en",))
    assert post.findings == ()


def test_a_warning_counts_once_where_it_stands_in_the_text(desk: Desk):
    desk.write("posts/judgment/en.x.md", "Short.")
    post = one(desk.compose(slug="judgment"), "x", "en")
    [part] = post.payload.parts
    assert part.text == "CW: torture\n\nShort.\n\n#EyesOnChechnya #CloseTheCamps"
    assert weight(part, post.payload, post.account) == len(part.text)


def test_images_are_made_anew_once_and_named_by_their_final_bytes(desk: Desk):
    exif = Image.Exif()
    exif[0x010E] = "taken at home"
    out = BytesIO()
    Image.new("RGB", (64, 32), (200, 30, 30)).save(out, "PNG", exif=exif)
    (desk.folder / "posts/judgment/card.png").write_bytes(out.getvalue())
    posts = desk.compose(slug="judgment")
    assert len({id(data) for post in posts for _, data in post.images.values()}) == 1
    [media] = posts[0].payload.parts[0].media
    mime, data = posts[0].images[media.sha256]
    assert (mime, media.width, media.height) == ("image/png", 64, 32)
    assert b"taken at home" in out.getvalue()
    assert b"taken at home" not in data


def test_a_template_reads_no_image_outside_its_folder(desk: Desk):
    outside = desk.folder / "secret.png"
    outside.write_bytes((desk.folder / "posts/judgment/card.png").read_bytes())
    (desk.folder / "posts/judgment/card.png").unlink()
    (desk.folder / "posts/judgment/card.png").symlink_to(outside)
    with pytest.raises(CampaignError, match="not in this folder"):
        desk.compose(slug="judgment")


def test_a_typed_thread_is_sent_where_threads_are_taken(desk: Desk):
    posts = desk.compose(text="One.\n---\nTwo.", languages=("en",))
    [finding] = one(posts, "x", "en").findings
    assert finding.mend == (
        "Say it where threads are taken: --to mastodon --to bluesky,"
        " or set threads = true under [accounts.x] in config.toml."
    )
    [post] = desk.compose(text="One.\n---\nTwo.", accounts=("x",))
    assert "in one post" in (post.findings[0].mend or "")


def test_a_missing_image_is_named(desk: Desk):
    with pytest.raises(CampaignError, match=r"there is no gone\.png"):
        desk.compose(text="Look.", images=((desk.folder / "gone.png", "A red square."),))


def test_an_image_without_alt_text_blocks(desk: Desk):
    [post, *_] = desk.compose(text="Look.", images=((desk.folder / "posts/judgment/card.png", " "),))
    assert [finding.rule for finding in post.findings] == ["alt-missing"]


def test_more_images_than_a_network_takes_block(desk: Desk):
    image = (desk.folder / "posts/judgment/card.png", "Blue.")
    [post, *_] = desk.compose(text="Look.", images=(image,) * 5)
    assert [finding.rule for finding in post.findings] == ["too-many-images"]


def test_an_alt_text_longer_than_the_network_takes_blocks(desk: Desk):
    posts = desk.compose(text="Look.", images=((desk.folder / "posts/judgment/card.png", "Blue " * 230),))
    assert [f.rule for f in one(posts, "x", "en").findings] == ["alt-long"]
    assert one(posts, "mastodon", "en").findings == ()


def test_typed_text_is_literal_and_carries_both_tags_and_its_source(desk: Desk):
    posts = desk.compose(text="{{ 1 + 1 }} {% raw %}", source="https://example.org/report")
    assert posts[0].payload.parts[0].text == (
        "{{ 1 + 1 }} {% raw %}\n\nhttps://example.org/report\n\n#EyesOnChechnya #CloseTheCamps"
    )
    assert (posts[0].late, posts[0].evergreen) == (timedelta(hours=2), False)


def test_the_letters_of_a_typed_text_tell_its_language(desk: Desk):
    assert {post.language for post in desk.compose(text="Мы помним. OK")} == {"ru"}
    assert {post.language for post in desk.compose(text="We remember. Да")} == {"en"}
    assert {post.language for post in desk.compose(text="Мы помним.", languages=("en",))} == {"en"}


def test_a_typed_text_has_one_language(desk: Desk):
    with pytest.raises(CampaignError, match="in one language"):
        desk.compose(text="Hello", languages=("en", "ru"))


def test_what_is_not_utf8_is_refused(desk: Desk):
    with pytest.raises(CampaignError, match="not UTF-8"):
        desk.compose(text="caf\udce9")


def test_links_and_tags_are_counted_in_nfc_bytes(desk: Desk):
    decomposed = unicodedata.normalize("NFD", "Йод #Мой https://example.org/й")
    [post] = desk.compose(text=decomposed, accounts=("bluesky",))
    [part] = post.payload.parts
    raw = part.text.encode()
    assert part.text.startswith(unicodedata.normalize("NFC", decomposed))
    assert [raw[f.start : f.end].decode() for f in part.facets][:2] == ["#Мой", "https://example.org/й"]


def test_an_evergreen_template_may_be_later(desk: Desk):
    post = one(desk.compose(slug="judgment"), "mastodon", "en")
    assert (post.evergreen, post.late, post.due, post.sensitive) == (True, timedelta(hours=12), DUE, True)
    assert [used.id for used in post.used] == ["judgment"]


@pytest.mark.parametrize(
    ("now", "levels"),
    [
        (datetime(2026, 9, 1, tzinfo=UTC), []),
        (DUE, ["reason"]),
        (datetime(2027, 1, 1, tzinfo=UTC), ["never"]),
    ],
)
def test_a_fact_nobody_reviewed_asks_for_a_reason_and_then_blocks(
    desk: Desk, now: datetime, levels: list[str]
):
    desk.write("posts/facts.toml", FACTS + "review_by = 2026-09-10\n")
    posts = desk.compose(slug="judgment", now=now, languages=("en",), accounts=("bluesky",))
    assert [finding.level for finding in posts[0].findings] == levels


def test_the_account_says_who_sees_and_who_may_answer(desk: Desk):
    more = 'visibility = "unlisted"\nreplies = "followed"\n'
    desk.write("config.toml", CONFIG.replace('network = "mastodon"\n', 'network = "mastodon"\n' + more))
    [post] = desk.compose(slug="judgment", accounts=("mastodon",), languages=("en",))
    assert (post.payload.visibility, post.payload.replies) == ("unlisted", "followed")
    assert [finding.why for finding in post.findings] == [
        "Mastodon cannot limit replies: everyone may reply there."
    ]
    require_clean([post])


def test_an_image_larger_than_the_server_takes_blocks(desk: Desk):
    small = replace(desk.accounts[1], limits=replace(desk.accounts[1].limits, image_bytes=100))
    desk.accounts = [small]
    [post, *_] = desk.compose(slug="judgment")
    assert [finding.rule for finding in post.findings] == ["image-large"]
