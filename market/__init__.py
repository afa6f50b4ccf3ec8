"""V-task Market: the product, one package per thing the business talks about (floors in docs/architecture.md)."""

import sys

# Alembic's mako would load a highlighter of source text for its error pages, a tenth of what each process does to start.
sys.modules.setdefault("mako.ext.pygmentplugin", None)  # type: ignore[arg-type]  # so Python spells "not to be had"
