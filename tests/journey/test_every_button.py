"""Nothing on a page is dead: every link leads somewhere the reader may go, every form and button does something,
and what does not exist yet (shipping samples, disputes, broadcasting …) is left out instead of promised."""

import re
from collections import Counter, deque
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

import pytest
from flask import Flask
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

from tests.conftest import ROOT
from tests.journey.conftest import Site
from tests.journey.test_faults import Clicker

HOMES = {"baicao": "/m", "tang": "/u", "ada": "/a", "wen": "/feed", "zhou": "/ops"}
EACH = 2
"""Pages looked at of each kind, for each reader."""
PROMISES = re.compile(r"敬请期待|即将推出|即将上线|功能开发中|寄样|coming soon|under construction", re.I)
SCRIPTS = "".join(path.read_text() for path in (ROOT / "static/js").glob("*.js"))


class Page(HTMLParser):
    """What of a page can be clicked, and what the ids on it are."""

    def __init__(self, path: str, text: str) -> None:
        super().__init__()
        self.path = path
        self.links: list[str] = []
        self.sends: list[tuple[str, str]] = []
        self.ids: set[str] = set()
        self.dead: list[str] = []
        self._form = 0
        self.feed(text)
        self.dead += [
            f"#{name} is not on the page"
            for link in self.links
            if (name := urlsplit(link).fragment) and not urlsplit(link).path and name not in self.ids
        ]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.ids.add(given.get("id", ""))
        if tag == "form":
            self._form += 1
            if (method := given.get("method", "get").upper()) != "DIALOG":
                self.sends.append((method, given.get("action") or self.path))
        for verb in ("get", "post", "put", "delete"):
            if f"hx-{verb}" in given:
                self.sends.append((verb.upper(), given[f"hx-{verb}"]))
        if tag == "a":
            if given.get("href", "#") in ("", "#") or given["href"].startswith("javascript:"):
                self.dead.append(f"a link to nowhere: {given}")
            else:
                self.links.append(given["href"])
        if tag == "button" and not self._does_something(given):
            self.dead.append(f"a button that does nothing: {given}")

    def handle_endtag(self, tag: str) -> None:
        self._form -= tag == "form"

    def _does_something(self, given: dict[str, str]) -> bool:
        if given.get("type", "submit") == "submit":
            return self._form > 0 or "form" in given or any(name.startswith("hx-") for name in given)
        hooks = [name.removeprefix("data-") for name in given if name.startswith("data-")]
        spoken = [
            hook
            for name in hooks
            for hook in (f"[data-{name}", f"dataset.{_camel(name)}", f'part("{name}"', f'$("{name}")')
        ]
        return any(hook in SCRIPTS for hook in spoken)


def _camel(name: str) -> str:
    first, *rest = name.split("-")
    return first + "".join(each.title() for each in rest)


def endpoint(app: Flask, method: str, path: str) -> str | None:
    """The view behind an address; None when there is none."""
    try:
        return str(app.url_map.bind("localhost").match(path, method=method)[0])
    except RequestRedirect:
        return "redirect"
    except HTTPException:
        return None


@pytest.mark.parametrize("name", HOMES)
def test_every_link_form_and_button_does_something(app: Flask, copy: Site, name: str) -> None:
    reader, seen, faults = Clicker(copy, name), Counter[str](), []
    waiting, known = deque([HOMES[name], "/", "/help", "/settings", "/inbox"]), set()

    while waiting:
        path = waiting.popleft()
        place = urlsplit(path).path
        view = endpoint(app, "GET", place)
        if view is None:
            faults.append(f"{path}: no such page")
            continue
        if path in known or seen[view] >= EACH or view in ("static", "vendor"):
            continue
        known.add(path)
        seen[view] += 1
        answer = reader.gets(path)
        if answer.status_code in (302, 303):
            waiting.append(urljoin(path, answer.headers["Location"]).removeprefix(copy.address))
            continue
        if answer.status_code != 200:
            faults.append(f"{path}: {answer.status_code}")
            continue
        if not answer.headers["Content-Type"].startswith("text/html"):
            continue
        page = Page(path, answer.text)
        faults += [f"{path}: {dead}" for dead in page.dead]
        faults += [f"{path}: promises {word!r}" for word in PROMISES.findall(answer.text)]
        for method, action in page.sends:
            target = urlsplit(urljoin(path, action))
            if not target.netloc and endpoint(app, method, target.path) is None:
                faults.append(f"{path}: nobody hears {method} {action}")
        for link in page.links:
            target = urlsplit(urljoin(path, link))
            if not target.netloc and target.scheme == "":
                waiting.append(target._replace(fragment="").geturl())

    assert faults == []
    assert len(seen) > 15, seen


@pytest.mark.parametrize(
    "dead",
    [
        '<a href="#">看看</a>',
        '<a href="#nothing">跳</a>',
        "<a>没有去处</a>",
        '<button type="button" data-nobody-listens>点我</button>',
        "<button>表单之外</button>",
    ],
)
def test_a_dead_button_is_seen(dead: str) -> None:
    alive = '<a href="/help">帮助</a><button type="button" data-palette-open>搜索</button><form><button>送出</button></form>'

    assert Page("/", alive).dead == []
    assert len(Page("/", alive + dead).dead) == 1
