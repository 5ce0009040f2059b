"""Mails: only to who has confirmed, a storm is one, and a server that is away loses none."""

from __future__ import annotations

from pydantic import SecretStr

from shared.domain.notices import Matter
from shared.mongodb.notices.mail import CODE_TRIES, CODES_A_DAY, MAX_ADDRESSES
from tests.integration.notices.told_shop import Post, ToldShop, post_office, text_of
from tests.integration.shop_world import SHOP, new_id
from tests.waiting import stored, until

ANN, BOB = "ann@example.com", "bob@example.com"


async def mailing(told: ToldShop, *, every: float = 0, **more: float) -> Post:
    """Watch, and send mails; returns the server that takes them."""
    post = await told.stack.enter_async_context(post_office())
    settings = {
        "smtp_url": SecretStr(f"smtp://127.0.0.1:{post.port}"),
        "mail_from": "trueup@example.com",
        "smtp_without_tls": True,
        "mail_gather_seconds": 0.0,
        "mail_every_seconds": every,
    }
    await told.start(**settings | more)
    return post


async def confirmed(told: ToldShop, post: Post, address: str) -> None:
    """Add an address, and enter its code."""
    number = len(post.taken)
    assert await told.mail.add(SHOP, address, "42")
    await post.until(number + 1)
    assert post.taken[-1][0] == address
    assert await told.mail.confirm(SHOP, address, post.code())


async def test_nobody_is_written_to_before_the_code_is_entered(told: ToldShop) -> None:
    """An address gets its code alone; a wrong code, another shop's, or one too often tried, opens nothing."""
    post = await mailing(told)
    assert await told.mail.set_up() == "trueup@example.com"
    await confirmed(told, post, ANN)
    assert await told.mail.add(SHOP, BOB, "42")
    await post.until(2)
    code = post.code()
    assert not await told.mail.confirm("other.myshopify.com", BOB, code)
    wrong = f"{(int(code) + 1) % 10**8:08}"
    assert not any([await told.mail.confirm(SHOP, BOB, wrong) for _ in range(CODE_TRIES)])
    assert not await told.mail.confirm(SHOP, BOB, code)
    kept = await told.shop.mongo.db["notification_settings"].find_one({"shop": SHOP})
    assert code not in str(kept)
    await told.run_of_schedule(new_id(), outcome="failed")
    await post.until(3)
    assert [to for to, _ in post.taken] == [ANN, BOB, ANN]


async def test_a_storm_is_one_mail_with_what_it_means_and_where_to_look(told: ToldShop) -> None:
    """Forty matters that come while nobody sends are one mail, in plain text and HTML; it is sent once, and what nobody
    wants by mail is not in it."""
    post = await mailing(told)
    await confirmed(told, post, ANN)
    post.refuses = True
    for _ in range(40):
        await told.run_of_schedule(new_id(), outcome="failed", name="<b>Nightly & more</b>")
    await told.job()
    settings = told.shop.mongo.db["notification_settings"]
    await stored(settings, {"shop": SHOP}, lambda one: one.get("mail_trouble") == "the server answered with 451")

    async def gathered() -> bool:
        return await told.shop.mongo.db["notices"].count_documents({"mail_due_at": {"$exists": True}}) == 40

    await until(gathered, what="forty to be told by mail")
    post.refuses = False
    await post.until(2)
    to, mail = post.taken[1]
    text = text_of(mail)
    html = mail.get_body(("html",))
    assert html is not None
    assert (to, mail["From"], mail["Auto-Submitted"]) == (ANN, "trueup@example.com", "auto-generated")
    assert mail["Subject"].startswith("tests: The schedule")
    assert mail["Subject"].endswith("and 39 more")
    assert text.count("What to do:") == 40
    assert "https://admin.shopify.com/store/tests/apps/client/schedules" in text
    assert "reconcile has ended" not in text
    assert "<b>Nightly" not in html.get_content()

    async def all_told() -> bool:
        return await told.shop.mongo.db["notices"].count_documents({"mail_due_at": {"$exists": True}}) == 0

    await until(all_told, what="nothing more to be told by mail")
    await stored(settings, {"shop": SHOP}, lambda one: one["mail_trouble"] is None)
    assert len(post.taken) == 2


async def test_only_what_is_chosen_is_told_by_mail(told: ToldShop) -> None:
    """A shop that wants to hear of runs alone hears of runs; a test reaches who asks for one."""
    post = await mailing(told)
    await confirmed(told, post, ANN)
    await told.mail.choose(SHOP, [Matter.RUN_ENDED])
    await told.run_of_schedule(new_id(), outcome="failed")
    await told.of(Matter.SCHEDULE_FAILED, is_open=True)
    await told.job()
    await post.until(2)
    assert "A reconcile has ended" in post.taken[1][1]["Subject"]
    assert "schedule" not in text_of(post.taken[1][1]).split("-- ")[0]
    assert await told.mail.ask_test(SHOP, ANN)
    assert not await told.mail.ask_test(SHOP, BOB)
    await post.until(3)
    assert "test" in post.taken[2][1]["Subject"]


async def test_without_a_server_nothing_is_sent_and_the_page_may_know(told: ToldShop) -> None:
    """Nothing is gathered for nobody, and the page reads that mails are not set up."""
    await told.start()
    assert await told.mail.set_up() is None
    await told.run_of_schedule(new_id(), outcome="failed")
    await told.of(Matter.SCHEDULE_FAILED, is_open=True)
    await stored(told.shop.mongo.db["notices"], {"shop": SHOP}, lambda one: one["spread"])
    assert await told.shop.mongo.db["notices"].count_documents({"mail_due_at": {"$exists": True}}) == 0


async def test_a_shop_has_so_many_addresses_and_codes_a_day(told: ToldShop) -> None:
    """No more than its share: nobody is flooded with codes at a stranger's wish."""
    added = [await told.mail.add(SHOP, f"p{number}@example.com", "42") for number in range(MAX_ADDRESSES + 1)]
    assert added == [True] * MAX_ADDRESSES + [False]
    again = [await told.mail.add(SHOP, "p0@example.com", "42") for _ in range(CODES_A_DAY)]
    assert again.count(True) == CODES_A_DAY - MAX_ADDRESSES - 1
