"""The control API: what only a sandbox has, under `/_sandbox/`. See README.md for the calls."""

from stripe_local.control import acting, conditions, watching
from stripe_local.control._edge import bp

__all__ = ["acting", "bp", "conditions", "watching"]
