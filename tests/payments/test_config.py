"""Where Stripe is: what a stand-in may get, and what production refuses."""

import pytest

from market import settings
from market.payments import config

REAL = {"STRIPE_API_KEY": "sk_live_1", "VTASK_ENV": "production"}
PLAY = {"STRIPE_API_KEY": "sk_test_1", "STRIPE_API_BASE": "http://127.0.0.1:9/"}


def test_uploads_go_where_the_api_is_when_something_stands_in_for_stripe() -> None:
    assert config.read(PLAY).base_addresses == {"api": "http://127.0.0.1:9", "files": "http://127.0.0.1:9"}
    assert config.read(REAL).base_addresses == {
        "api": "https://api.stripe.com",
        "files": "https://files.stripe.com",
    }


@pytest.mark.parametrize(
    ("env", "word"),
    [
        ({**PLAY, "STRIPE_API_KEY": "sk_live_1"}, "only a test key"),
        ({**PLAY, "VTASK_ENV": "production"}, "in production it must be unset"),
    ],
)
def test_no_live_key_leaves_and_production_takes_no_stand_in(env: dict[str, str], word: str) -> None:
    with pytest.raises(ValueError, match=word):
        config.read(env)


def test_a_production_process_does_not_start_beside_a_stand_in(monkeypatch: pytest.MonkeyPatch) -> None:
    needed = {"VTASK_SECRET_KEY": "x" * 32, "DATABASE_URL": "postgresql://x", "REDIS_URL": "redis://x"}
    for name, value in {**needed, **PLAY, "VTASK_PUBLIC_URL": "https://m.example"}.items():
        monkeypatch.setenv(name, value)
    settings.read()
    monkeypatch.setenv("VTASK_ENV", "production")

    with pytest.raises(ValueError, match="STRIPE_API_BASE must be unset in production"):
        settings.read()
