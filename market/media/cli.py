"""Make anew what the repository keeps ready-made: the font of words on films, and the music."""

import click

from market.media import letters, tracks


@click.command("media-font")
def media_font() -> None:
    """Cut static/fonts/noto-sans-sc.woff out of the wheel with the documents' font."""
    click.echo(
        f"{letters.FONT.name}: {letters.make_font():,} characters, {letters.FONT.stat().st_size:,} bytes"
    )


@click.command("media-tracks")
def media_tracks() -> None:
    """Compute static/music/*.m4a."""
    for path in tracks.make_tracks():
        click.echo(f"{path.name}: {path.stat().st_size:,} bytes")
