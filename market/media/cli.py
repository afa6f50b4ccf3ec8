"""Make anew what the repository keeps ready-made: the font of words on films, the stickers and the music."""

import click

from market.media import letters, stickers, tracks


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


@click.command("media-stickers")
def media_stickers() -> None:
    """Draw static/stickers/*.png."""
    size = sum(stickers.path_of(name).stat().st_size for name in stickers.make_all())
    click.echo(f"{len(stickers.STICKERS)} stickers, {size:,} bytes")
