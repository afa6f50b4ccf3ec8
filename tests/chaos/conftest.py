"""A short folder and a clean environment, as for `./vtask` itself."""

from tests.vtask.conftest import clean_environment, folder

__all__ = ["clean_environment", "folder"]
