"""The films and settings of tests/media, and a screen."""

from tests.front.conftest import site  # noqa: F401
from tests.media.conftest import film, settings, shelf, silent  # noqa: F401
