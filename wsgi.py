"""The web process: `granian --interface wsgi wsgi:app`; also what `flask --app wsgi` loads."""

from demo import cli as demo
from market.app import create_app

app = create_app()
demo.register(app)
