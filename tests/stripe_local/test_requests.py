"""Every request is checked against the installed SDK before anything happens."""

import http.client
import json
from urllib.parse import urlencode, urlsplit

import pytest
import stripe
from stripe._api_version import _ApiVersion

from tests.stripe_local.conftest import KEY, Json, Sandbox


def send(
    sandbox: Sandbox, method: str, path: str, form: Json | None = None, **headers: str
) -> tuple[int, Json, dict[str, str]]:
    """A request as no SDK would send it."""
    connection = http.client.HTTPConnection(urlsplit(sandbox.url).netloc, timeout=60)
    given = {"Authorization": f"Bearer {KEY}", **{k.replace("_", "-"): v for k, v in headers.items()}}
    connection.request(method, path, urlencode(form) if form else None, given)
    answer = connection.getresponse()
    return answer.status, json.loads(answer.read()), dict(answer.getheaders())


@pytest.mark.parametrize(
    ("path", "form", "code", "param"),
    [
        ("/v1/transfers", {"amount": 1, "currency": "cny", "destination": "acct_1", "speed": 9}, "parameter_unknown", "speed"),
        ("/v1/transfers", {"amount": 1, "destination": "acct_1"}, "parameter_missing", "currency"),
        ("/v1/transfers", {"amount": "1.5", "currency": "cny", "destination": "a"}, "parameter_invalid_integer", "amount"),
        ("/v1/transfers", {"amount": "", "currency": "cny", "destination": "a"}, "parameter_invalid_empty", "amount"),
        ("/v1/transfers", {"amount": 0, "currency": "cny", "destination": "a"}, "parameter_invalid_integer", "amount"),
        (
            "/v1/payment_intents",
            {"amount": 900, "currency": "cny", "payment_method_types[]": "card"},
            "payment_method_types_no_longer_supported",
            "payment_method_types",
        ),
        (
            "/v1/checkout/sessions",
            {"line_items[0][price_data][currency]": "cny", "line_items[0][price_data][product_data][nam]": "x"},
            "parameter_unknown",
            "line_items[0][price_data][product_data][nam]",
        ),
        (
            "/v1/checkout/sessions",
            {"line_items[0][price_data][product_data][name]": "x"},
            "parameter_missing",
            "line_items[0][price_data][currency]",
        ),
        ("/v1/payment_intents", {"amount": 399, "currency": "cny"}, "amount_too_small", "amount"),
        ("/v1/payment_intents", {"amount": 100_000_000, "currency": "cny"}, "amount_too_large", "amount"),
    ],
)  # fmt: skip
def test_a_wrong_parameter_is_named(sandbox: Sandbox, path: str, form: Json, code: str, param: str) -> None:
    status, body, headers = send(sandbox, "POST", path, form)

    assert status == 400
    assert body["error"]["type"] == "invalid_request_error"
    assert (body["error"]["code"], body["error"]["param"]) == (code, param)
    assert headers["Request-Id"].startswith("req_")
    assert headers["Request-Id"] in body["error"]["request_log_url"]


@pytest.mark.parametrize(
    ("form", "param"),
    [
        ({"allowed_payment_method_types[0]": "cheque"}, "allowed_payment_method_types[0]"),
        ({"confirm": "perhaps"}, "confirm"),
        ({"metadata": "order"}, "metadata"),
        ({"metadata[order][id]": "1"}, "metadata[order]"),
        ({f"metadata[{'k' * 41}]": "1"}, f"metadata[{'k' * 41}]"),
        ({"metadata[note]": "x" * 501}, "metadata[note]"),
        ({"currency": "xyz"}, "currency"),
        ({"transfer_data[destination]": "acct_1"}, "transfer_data"),
    ],
)
def test_a_wrong_value_is_named(sandbox: Sandbox, form: Json, param: str) -> None:
    status, body, _ = send(sandbox, "POST", "/v1/payment_intents", {"amount": 900, "currency": "cny", **form})

    assert (status, body["error"]["param"]) == (400, param)


def test_nested_lists_and_maps_arrive_as_sent(sandbox: Sandbox) -> None:
    lines = [
        {
            "price_data": {"currency": "cny", "product_data": {"name": f"第{i}期"}, "unit_amount": 500 + i},
            "quantity": i + 1,
        }
        for i in range(11)
    ]
    session = sandbox.session(line_items=lines, metadata={"order": "ord_1", "阶段": "脚本"})

    found = sandbox.v1.checkout.sessions.retrieve(session.id, {"expand": ["line_items"]})

    assert [line.description for line in found.line_items.data] == [f"第{i}期" for i in range(11)]
    assert found.amount_total == sum((500 + i) * (i + 1) for i in range(11))
    assert found.metadata.to_dict() == {"order": "ord_1", "阶段": "脚本"}


def test_only_the_right_key_is_let_in(sandbox: Sandbox) -> None:
    url = {"api": sandbox.url}

    with pytest.raises(stripe.AuthenticationError, match="Invalid API Key provided"):
        stripe.StripeClient("sk_test_other", base_addresses=url).v1.balance.retrieve()

    assert send(sandbox, "GET", "/v1/balance", Authorization="")[0] == 401
    assert send(sandbox, "GET", "/v1/balance", Authorization="Basic !!!")[0] == 401


def test_basic_authentication_is_as_good_as_bearer(sandbox: Sandbox) -> None:
    import base64

    word = base64.b64encode(f"{KEY}:".encode()).decode()

    assert send(sandbox, "GET", "/v1/balance", Authorization=f"Basic {word}")[0] == 200


def test_the_version_is_echoed_and_no_other_is_spoken(sandbox: Sandbox) -> None:
    status, _, headers = send(sandbox, "GET", "/v1/balance")
    other = send(sandbox, "GET", "/v1/balance", Stripe_Version="2020-08-27")

    assert (status, headers["Stripe-Version"]) == (200, _ApiVersion.CURRENT)
    assert other[0] == 400


def test_a_connected_account_sees_its_own_things_only(sandbox: Sandbox) -> None:
    account, customer = sandbox.payee(), sandbox.v1.customers.create({"name": "Mei"})

    with pytest.raises(stripe.InvalidRequestError) as unseen:
        sandbox.v1.customers.retrieve(customer.id, options={"stripe_account": account})
    with pytest.raises(stripe.PermissionError) as foreign:
        sandbox.v1.balance.retrieve(options={"stripe_account": "acct_nobody"})

    assert (unseen.value.http_status, unseen.value.code) == (404, "resource_missing")
    assert foreign.value.json_body["error"]["code"] == "account_invalid"


def test_unknown_addresses_are_told_from_unbuilt_ones(sandbox: Sandbox) -> None:
    unknown = send(sandbox, "GET", "/v1/unicorns")
    unbuilt = send(sandbox, "GET", "/v1/subscriptions")

    assert (unknown[0], unbuilt[0]) == (404, 404)
    assert "Unrecognized request URL" in unknown[1]["error"]["message"]
    assert "does not do this yet" in unbuilt[1]["error"]["message"]


def control(sandbox: Sandbox, body: str, **headers: str) -> int:
    connection = http.client.HTTPConnection(urlsplit(sandbox.url).netloc, timeout=60)
    connection.request("POST", "/_sandbox/reset", body, {k.replace("_", "-"): v for k, v in headers.items()})
    return connection.getresponse().status


def test_a_page_of_another_site_cannot_reach_the_sandbox(sandbox: Sandbox) -> None:
    connection = http.client.HTTPConnection(urlsplit(sandbox.url).netloc, timeout=60)
    connection.request("GET", "/_sandbox/health", headers={"Host": "evil.example"})
    rebound = connection.getresponse().status
    refused = [
        control(sandbox, body, **headers)
        for body, headers in (
            ("{}", {"Content_Type": "text/plain"}),
            ("", {"Sec_Fetch_Site": "cross-site"}),
            ("{}", {"Content_Type": "application/json", "Sec_Fetch_Site": "same-site"}),
        )
    ]

    assert (rebound, refused) == (421, [415, 403, 403])


@pytest.mark.parametrize(
    "form",
    [
        "a[b=1&amount=1",
        "amount[]=1&amount[x]=2",
        "metadata[a]=1&metadata[a][b]=2",
        "[x]=1",
        "%ff=%fe&=",
        "amount=" + "9" * 400,
        "&".join(f"metadata[{i}]=1" for i in range(51)),
        "expand[]=nothing&amount=900&currency=cny",
        "a" + "[a]" * 5_000 + "=1",
        "&".join(f"a[{i}]=1" for i in range(2_100)),
    ],
)
def test_nonsense_is_a_refusal_and_never_a_crash(sandbox: Sandbox, form: str) -> None:
    connection = http.client.HTTPConnection(urlsplit(sandbox.url).netloc, timeout=60)
    connection.request("POST", "/v1/payment_intents", form, {"Authorization": f"Bearer {KEY}"})

    assert connection.getresponse().status == 400
