"""Operations of the effect model."""

import click
from flask.cli import AppGroup

from market.effect import service

effect = AppGroup("effect", help="Expected plays and interactions: the model.")


@effect.command("refit")
def refit() -> None:
    """Fit anew on all known outcomes, and say how the intervals held on the newest fifth."""
    model = service.refit()
    if model is None:
        click.echo(f"no model: fewer than {service.LEAST} known outcomes")
        return
    for what in service.TARGETS:
        found = model.report[what]
        click.echo(
            f"{what}: {found['inside']:.1%} of {model.report['judged_on']} later works inside the 80 % interval, "
            f"high bound {found['high_over_low']} times the low one"
        )
