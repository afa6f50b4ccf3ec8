"""Signing up and in."""

from tests.conftest import PASSWORD, Player, csrf_token, submit


def test_a_new_person_lands_at_the_home_of_the_role(app):
    client = app.test_client()

    answer = submit(
        client, "/register", role="creator", name="小林", email="New@Example.com", password=PASSWORD
    )

    assert answer.status_code == 303
    assert answer.location == "/u"


def test_an_address_is_taken_once_and_the_field_says_so(app, mei: Player):
    client = app.test_client()

    answer = submit(client, "/register", role="viewer", name="x", email="MEI@example.com", password=PASSWORD)

    assert answer.status_code == 422
    assert "已经注册过" in answer.text


def test_a_wrong_password_and_an_unknown_address_get_one_answer(app, mei: Player):
    client = app.test_client()

    wrong = submit(client, "/login", email=mei.email, password="not this one")
    unknown = submit(client, "/login", email="nobody@example.com", password="not this one")

    assert wrong.status_code == unknown.status_code == 422
    assert "邮箱或密码不对" in wrong.text and "邮箱或密码不对" in unknown.text


def test_the_api_ignores_the_cookie(app, mei: Player):
    browser = mei.browser()

    assert browser.get("/api/v1/me").status_code == 401
    assert mei.api("GET", "/me").json["party"]["name"] == "Mei"


def test_a_form_without_its_token_is_refused(app):
    answer = app.test_client().post("/login", data={"email": "a@b.c", "password": "x"})

    assert answer.status_code == 400
    assert "页面已过期" in answer.text


def test_a_sign_out_ends_the_session_on_the_server(app, mei: Player):
    browser = mei.browser()
    cookie = browser.get_cookie("vtask")
    page = browser.get("/settings").text

    browser.post("/logout", data={"csrf_token": csrf_token(page)})
    browser.set_cookie("vtask", cookie.value)

    assert browser.get("/settings").status_code == 302
