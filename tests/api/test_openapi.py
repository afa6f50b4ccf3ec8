"""The API's description is valid, complete and true."""

import os
import re

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, Phase, given, settings
from openapi_spec_validator import OpenAPIV31SpecValidator
from schemathesis.specs.openapi.checks import positive_data_acceptance

from tests.conftest import Player

BEYOND_SCHEMA = positive_data_acceptance
"""Left out: a JSON schema cannot say that a text is not blank, a cursor is one of ours, or a date lies ahead."""

EXAMPLES = int(os.environ.get("VTASK_SCHEMATHESIS_EXAMPLES", "4"))


def test_the_description_is_valid_openapi_31(app: Flask):
    spec = app.test_client().get("/api/openapi.json").json

    assert spec["openapi"] == "3.1.0"
    assert list(OpenAPIV31SpecValidator(spec).iter_errors()) == []


def test_every_api_route_is_described(app: Flask):
    spec = app.test_client().get("/api/openapi.json").json
    described = {
        (method.upper(), path)
        for path, item in spec["paths"].items()
        for method in item
        if method != "parameters"
    }

    routed = {
        (method, re.sub(r"<(?:[^<>]+:)?(\w+)>", r"{\1}", rule.rule))
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/api/v1/")
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert routed - described == set()


def test_every_operation_answers_without_a_key_by_401_or_is_public(app: Flask):
    spec = app.test_client().get("/api/openapi.json").json
    unguarded = [
        f"{method} {path}"
        for path, item in spec["paths"].items()
        for method in item
        if method in ("post", "put", "patch", "delete")
        and app.test_client().open(re.sub(r"{\w+}", "x", path), method=method.upper()).status_code < 400
    ]

    assert unguarded == []


@pytest.mark.timeout(900)  # some 280 operations
@pytest.mark.usefixtures("stripe_server")  # which some of the operations ask
def test_the_api_does_what_it_says(app: Flask, cast: dict[str, Player], monkeypatch: pytest.MonkeyPatch):
    """Schemathesis: no 5xx, no undocumented status, header or shape, whatever is sent, and whoever sends it."""
    monkeypatch.setitem(app.config, "PROPAGATE_EXCEPTIONS", False)
    monkeypatch.setattr(app, "testing", False)
    keys = {who: {"Authorization": f"Bearer {cast[who].key}"} for who in ("mei", "lin", "zhou")}
    failures = []

    for each in schemathesis.openapi.from_wsgi("/api/openapi.json", app).get_all_operations():
        operation = each.ok()
        asking = ""

        @settings(
            max_examples=EXAMPLES,
            deadline=None,
            database=None,
            derandomize=True,
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy())
        def probe(case: schemathesis.Case) -> None:
            nonlocal asking
            for who in keys:
                asking = who
                case.call_and_validate(headers=keys[who], excluded_checks=[BEYOND_SCHEMA])

        try:
            probe()
        except BaseExceptionGroup as group:
            failures += [f"{asking}, {operation.label}: {wrong}" for wrong in group.exceptions]
        except (AssertionError, schemathesis.errors.SchemathesisError) as wrong:
            failures.append(f"{asking}, {operation.label}: {wrong}")

    assert not failures, "\n\n".join(failures)
