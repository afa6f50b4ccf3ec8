"""The web process: `granian --interface wsgi wsgi:app`; also what `flask --app wsgi` loads."""

from market.app import create_app

app = create_app()
