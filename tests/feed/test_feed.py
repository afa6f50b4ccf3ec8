"""Followers read the newest first, from whom they follow and nobody else."""

import pytest
from sqlalchemy import text

from market.accounts.actor import Role
from market.accounts.models import Party
from market.accounts.vocabulary import Format
from market.feed import service
from market.kit.db import db, transaction
from market.kit.ids import encode
from tests import tables
from tests.conftest import Player, csrf_token, submit
from tests.publication import acts


def say(player: Player, title: str, **more: object) -> str:
    made = player.api("POST", "/posts", json={"title": title, "body": "今天上新，先到先得。", **more})
    assert made.status_code == 201, made.json
    return str(made.json["id"])


def follow(reader: Player, *authors: Player) -> None:
    for author in authors:
        assert reader.api("PUT", f"/parties/{encode('pty', author.party_id)}/follow").status_code == 200


def titles(reader: Player, query: str = "") -> list[str]:
    return [post["title"] for post in reader.api("GET", f"/feed{query}").json["data"]]


def test_the_feed_is_the_followed_ones_newest_first(mei: Player, lin: Player, bo: Player, wen: Player):
    follow(wen, mei, lin)
    say(mei, "第一条")
    say(bo, "没有人关注我")
    say(lin, "第二条")
    say(mei, "第三条")

    assert titles(wen) == ["第三条", "第二条", "第一条"]
    assert titles(bo) == []


def test_pages_follow_each_other_without_gap_or_repeat(mei: Player, lin: Player, wen: Player):
    follow(wen, mei, lin)
    for at in range(7):
        say([mei, lin][at % 2], f"第 {at} 条")

    seen, cursor = [], ""
    while True:
        page = wen.api("GET", f"/feed?limit=3{cursor}").json
        seen += [post["title"] for post in page["data"]]
        if not page["next_cursor"]:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert seen == [f"第 {at} 条" for at in reversed(range(7))]
    assert wen.api("GET", "/feed?cursor=nonsense").status_code == 422


def test_following_twice_is_following_once(lin: Player, wen: Player):
    for _ in range(2):
        follow(wen, lin)
    address = f"/parties/{encode('pty', lin.party_id)}/follow"

    assert wen.api("PUT", address).json == {"following": True, "followers": 1}
    for _ in range(2):
        assert wen.api("DELETE", address).json == {"following": False, "followers": 0}


def test_nobody_follows_himself_a_viewer_or_a_ghost(mei: Player, lin: Player, wen: Player, zhou: Player):
    assert lin.api("PUT", f"/parties/{encode('pty', lin.party_id)}/follow").status_code == 409
    assert lin.api("PUT", f"/parties/{encode('pty', wen.party_id)}/follow").status_code == 409
    assert lin.api("PUT", f"/parties/{encode('pty', acts.nobody())}/follow").status_code == 404
    assert zhou.api("PUT", f"/parties/{encode('pty', lin.party_id)}/follow").status_code == 403


def test_an_article_reaches_the_followers_of_its_creator(ctx, mei: Player, lin: Player, wen: Player):
    follow(wen, lin)

    acts.put_on_shelf(acts.accepted(mei, lin, Format.ARTICLE, title="青花的一百种蓝"))

    assert titles(wen) == ["青花的一百种蓝"]


def test_what_is_withdrawn_is_gone_at_once(app, mei: Player, lin: Player, wen: Player):
    follow(wen, mei)
    post = say(mei, "说错了")

    assert lin.api("DELETE", f"/posts/{post}").status_code == 404
    assert mei.api("DELETE", f"/posts/{post}").status_code == 204
    assert titles(wen) == []
    assert app.test_client().get(f"/posts/{post}").status_code == 404
    assert mei.api("DELETE", f"/posts/{post}").status_code == 404


def test_only_the_author_edits_and_never_accepted_work(ctx, mei: Player, lin: Player, bo: Player):
    own = say(mei, "上新")
    etag = mei.api("GET", f"/posts/{own}").headers["ETag"]
    event = acts.put_on_shelf(acts.accepted(mei, lin, Format.ARTICLE))
    paid = event.data["url"].removeprefix("/posts/")
    paid_etag = lin.api("GET", f"/posts/{paid}").headers["ETag"]

    assert (
        bo.api("PATCH", f"/posts/{own}", json={"title": "x y"}, headers={"If-Match": etag}).status_code == 404
    )
    changed = mei.api("PATCH", f"/posts/{own}", json={"title": "改好了"}, headers={"If-Match": etag})
    assert (changed.status_code, changed.json["title"]) == (200, "改好了")
    assert changed.json["edited_at"]
    refused = lin.api("PATCH", f"/posts/{paid}", json={"title": "改一下"}, headers={"If-Match": paid_etag})
    assert (refused.status_code, refused.json["type"].rsplit("/", 1)[-1]) == (409, "frozen")
    assert lin.api("DELETE", f"/posts/{paid}").status_code == 403


def test_posts_carry_only_real_products_and_own_pictures(ctx, mei: Player, lin: Player):
    body = {"title": "好物", "body": "值得看。"}
    foreign = encode("ast", acts.asset(lin).id)
    gone = encode("prd", acts.nobody())

    assert mei.api("POST", "/posts", json=body | {"image_ids": [foreign]}).status_code == 422
    assert mei.api("POST", "/posts", json=body | {"product_ids": [gone]}).status_code == 422
    product = encode("prd", acts.product(mei).id)
    assert mei.api("POST", "/posts", json=body | {"product_ids": [product]}).status_code == 201


def test_viewers_only_read(wen: Player):
    assert wen.api("POST", "/posts", json={"title": "我也说", "body": "可以吗"}).status_code == 403
    assert wen.browser().get("/posts/new").status_code == 403


def test_words_are_shown_never_run(ctx, app, mei: Player, lin: Player):
    event = acts.put_on_shelf(acts.accepted(mei, lin, Format.ARTICLE))

    page = app.test_client().get(event.data["url"]).text

    assert "&lt;b&gt;不是标签&lt;/b&gt;" in page
    assert "<h2>先看釉色</h2>" in page
    assert "<li>一壶</li>" in page
    assert "付费合作" in page


def test_the_button_on_a_page_follows_and_comes_back(mei: Player, wen: Player):
    browser = wen.browser()
    shop = "/shops/" + mei.api("GET", "/me").json["party"]["handle"]
    action = f"/follows/{encode('pty', mei.party_id)}"

    answer = submit(browser, shop, action, follow="1", next=shop)

    assert (answer.status_code, answer.location) == (303, shop)
    assert "已关注" in browser.get(shop).text
    part = browser.post(
        action,
        data={"follow": "0", "next": shop},
        headers={"HX-Request": "true", "X-CSRFToken": token(browser, shop)},
    )
    assert part.status_code == 200, part.text
    assert "已关注" not in part.text
    assert "<html" not in part.text


def token(browser, page: str) -> str:
    return csrf_token(browser.get(page).text)


@pytest.mark.parametrize("path", ["/feed", "/feed?from=all", "/discover", "/live", "/discover?category=home"])
def test_strangers_may_look(app, path: str):
    assert app.test_client().get(path).status_code == 200


def test_a_stranger_who_follows_is_sent_to_sign_in(app, ctx, lin: Player):
    client = app.test_client()
    page = client.get("/login").text
    answer = client.post(f"/follows/{encode('pty', lin.party_id)}", data={"csrf_token": csrf_token(page)})

    assert answer.status_code in (302, 303)
    assert "/login" in answer.location


def test_the_feed_reads_no_more_than_a_page_of_each(ctx, lin: Player, wen: Player):
    """The plan goes along the index (author, newest first), however much an author wrote."""
    follow(wen, lin)
    with transaction():
        db.session.add_all(Party(role=Role.CREATOR, name="达人", handle=f"many-{at}") for at in range(400))
        db.session.flush()
        db.session.execute(
            text(
                "INSERT INTO posts (author_id, kind, title, body, image_ids, product_ids, published_at)"
                " SELECT parties.id, 'notice', 't', 'b', '{}', '{}', now() FROM parties, generate_series(1, 30)"
            )
        )
    tables.analyze("posts")
    plan = "\n".join(
        row[0]
        for row in db.session.execute(
            text(
                "EXPLAIN SELECT mine.id FROM follows JOIN LATERAL (SELECT posts.id FROM posts WHERE posts.author_id ="
                " follows.followed_id AND posts.withdrawn_at IS NULL ORDER BY posts.id DESC LIMIT 21) mine ON true"
                " WHERE follows.follower_id = :reader ORDER BY mine.id DESC LIMIT 21"
            ),
            {"reader": wen.party_id},
        )
    )
    assert "ix_posts_author_id_id" in plan
    assert len(wen.api("GET", "/feed").json["data"]) == 20


def test_withdrawing_without_a_post_changes_nothing(ctx, mei: Player):
    with transaction():
        service.withdraw(acts.nobody(), by=mei.actor)
