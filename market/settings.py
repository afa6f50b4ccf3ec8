"""Settings from the environment, validated once. Names the ecosystem knows stay; all else is VTASK_*."""

from dataclasses import dataclass
from pathlib import Path

from environs import Env

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Settings:
    """Where the parts are and what they are called with. The business's figures are in kit.figures."""

    environment: str
    secret_key: str
    database_url: str
    """The web role's: all that runs."""
    owner_database_url: str
    """The owner's, for migrations; empty where one role is both."""
    redis_url: str
    stripe_api_key: str
    stripe_api_base: str
    stripe_webhook_secrets: tuple[str, ...]
    home: Path
    media_dir: Path
    public_url: str
    demo: bool
    testing: bool
    pool_size: int
    trusted_proxies: int
    api_per_minute: int

    @property
    def production(self) -> bool:
        return self.environment == "production"


def read(env: Env | None = None) -> Settings:
    """Raises environs.EnvError, naming the variable; refuses unsafe combinations in production."""
    env = env or Env()
    home = env.path("VTASK_HOME", ROOT / "var")
    environment = env.str("VTASK_ENV", "development", validate=lambda v: v in ("development", "production"))
    settings = Settings(
        environment=environment,
        secret_key=env.str("VTASK_SECRET_KEY", validate=lambda v: len(v) >= 32),
        database_url=env.str("DATABASE_URL"),
        owner_database_url=env.str("VTASK_OWNER_DATABASE_URL", ""),
        redis_url=env.str("REDIS_URL"),
        stripe_api_key=env.str("STRIPE_API_KEY", ""),
        stripe_api_base=env.str("STRIPE_API_BASE", "https://api.stripe.com"),
        stripe_webhook_secrets=tuple(filter(None, env.str("STRIPE_WEBHOOK_SECRET", "").split(","))),
        home=home,
        media_dir=env.path("VTASK_MEDIA_DIR", home / "media"),
        public_url=env.str("VTASK_PUBLIC_URL", f"http://127.0.0.1:{env.int('VTASK_PORT', 8000)}").rstrip("/"),
        demo=env.bool("VTASK_DEMO", False),
        testing=env.bool("VTASK_TEST", False),
        pool_size=env.int("VTASK_POOL_SIZE", 8),
        trusted_proxies=env.int("VTASK_TRUSTED_PROXIES", 0),
        api_per_minute=env.int("VTASK_API_PER_MINUTE", 1200),
    )
    if settings.production:
        if settings.stripe_api_base.rstrip("/") not in ("", "https://api.stripe.com"):
            raise ValueError(
                "STRIPE_API_BASE must be unset in production: nothing stands in for Stripe there"
            )
        if settings.demo:
            raise ValueError("VTASK_DEMO shows sign-ins to everybody: it is refused in production")
        if not settings.public_url.startswith("https://"):
            raise ValueError("VTASK_PUBLIC_URL must be https in production")
    return settings
