"""The web process: `granian --interface wsgi wsgi:app`; also what `flask --app wsgi` loads."""

import gc

from demo import cli as demo
from market.app import create_app

app = create_app()
demo.register(app)
gc.freeze()  # what is made by now stays: requests need not pay for looking through it
