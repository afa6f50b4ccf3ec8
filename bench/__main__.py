"""`./vtask bench [NAME …] [--json] [--rounds N]`, where a name is `video` or one of its parts, `video.uploads`."""

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from importlib import import_module
from math import floor, log10
from statistics import median
from typing import TextIO

from rich import box
from rich.console import Console
from rich.table import Table

from bench.rounds import Result
from bench.server import Missing

BENCHES = ("posting", "hot", "release", "pages", "transcode")
GROUPS = ("money", "matching", "newcomers", "retrieval", "exposure", "effect", "planner", "traffic", "video")
"""Measured when named only: `money` holds the first three and what has to be installed for it, `matching` and
`newcomers` need data, `retrieval` draws a hundred thousand creators, `exposure` is about who is seen,
`effect` and `traffic` are about being right, not speed, and `video` keeps all cores busy for minutes."""

console = Console(stderr=True)


def main() -> int:
    parser = argparse.ArgumentParser(prog="vtask bench", description=__import__("bench").__doc__)
    parser.add_argument(
        "names",
        nargs="*",
        metavar="NAME",
        help=f"of {', '.join(BENCHES)}, all when none is named; or {', '.join(GROUPS)}; or NAME.PART",
    )
    parser.add_argument("--json", action="store_true", help="one object by name on standard output")
    parser.add_argument(
        "--rounds",
        type=int,
        default=3,
        help="how often each side is measured (3), after once that does not count",
    )
    asked = parser.parse_args()
    unknown = {name for name in asked.names if name.partition(".")[0] not in {*BENCHES, *GROUPS}}
    if unknown:
        parser.error(
            f"no such bench: {', '.join(sorted(unknown))} (there are {', '.join((*BENCHES, *GROUPS))})"
        )

    out = answers_alone() if asked.json else sys.stdout
    results: list[Result] = []
    missing: dict[str, str] = {}
    wanted = [part for name in asked.names or BENCHES for part in parts(name, parser)]
    for name, said, measure in wanted:
        begin = time.monotonic()
        with console.status(f"{name}: {said}"):
            try:
                results += measure(asked.rounds)
            except Exception as wrong:  # the others are measured all the same; the exit says that one was not
                missing[name] = str(wrong)
                console.print(f"{name}: not measured: {wrong}", style="red", markup=False)
                if not isinstance(wrong, Missing):
                    console.print_exception()
            else:
                console.print(f"{name}: measured in {time.monotonic() - begin:.0f} s", style="dim")
    if asked.json:
        found = {result.name: result.as_json() for result in results}
        print(json.dumps(found, indent=1, ensure_ascii=False), file=out, flush=True)
    else:
        shown = Console(width=None if sys.stdout.isatty() else 140)
        shown.print(table(results))
        if metered := [result for result in results if "takes" in result.details]:
            shown.print(costs(metered))
        for result in results:
            if "files" in result.details:
                shown.print(files(result))
    return 1 if missing else 0


def answers_alone() -> TextIO:
    """Standard output for us alone: whatever else writes there, as libraries in C do (HiGHS), goes beside it."""
    sys.stdout.flush()
    ours = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    return ours


def parts(
    name: str, parser: argparse.ArgumentParser
) -> Iterator[tuple[str, str, Callable[[int], list[Result]]]]:
    """What a bench measures one after the other: each with its name, what it says of itself, and its function."""
    whole, _, part = name.partition(".")
    bench = import_module(f"bench.{whole}")
    found = getattr(bench, "PARTS", None) or {"": bench.run}
    if part and part not in found:
        known = ", ".join(f"{whole}.{each}" for each in found if each)
        parser.error(f"no such part: {name} ({f'there are {known}' if known else 'it has none'})")
    for each in [part] if part else found:
        yield f"{whole}.{each}".rstrip("."), bench.__doc__ or "", found[each]


def table(results: list[Result]) -> Table:
    load = ", ".join(f"{load:.1f}" for load in os.getloadavg())
    shown = Table(
        caption=f"ours ÷ reference, measured in turns; load {load} on {os.cpu_count()} cores",
        box=box.SIMPLE,
    )
    for heading in ("bench", "median", "min", "max", "ours", "reference"):
        shown.add_column(heading, justify="left" if heading == "bench" else "right", no_wrap=True)
    shown.add_column("against")
    for result in results:
        ratios = result.ratios
        rates = median(ratios), min(ratios), max(ratios), median(result.ours), median(result.theirs)
        shown.add_row(result.name, *map(three_digits, rates), f"{result.reference}; {result.unit}")
    return shown


def costs(results: list[Result]) -> Table:
    """What bench/cost.py metered."""
    shown = Table(
        caption="each transaction takes; 1 would be as much processor time as the reference", box=box.SIMPLE
    )
    for heading in ("bench", "ms CPU, asking", "ms CPU, PostgreSQL", "bytes of log", "reference ÷ ours, CPU"):
        shown.add_column(heading, justify="left" if heading == "bench" else "right", no_wrap=True)
    for result in results:
        mine, other = (result.details[name] for name in ("takes", "reference_takes"))
        both = [side["client_cpu_ms"] + side["postgresql_cpu_ms"] for side in (other, mine)]
        for name, side, ratio in (
            (result.name, mine, three_digits(both[0] / both[1])),
            (result.reference, other, ""),
        ):
            shown.add_row(
                name,
                three_digits(side["client_cpu_ms"]),
                three_digits(side["postgresql_cpu_ms"]),
                f"{side['wal_bytes']:,}",
                ratio,
            )
    return shown


def files(result: Result) -> Table:
    """What each file took, the worst of all rounds."""
    shown = Table(caption=f"{result.details['connections']} connections were made", box=box.SIMPLE)
    for heading in ("file", "refused as", "seconds", "s CPU", "MB"):
        shown.add_column(
            heading, justify="left" if heading in ("file", "refused as") else "right", no_wrap=True
        )
    for name, took in result.details["files"].items():
        shown.add_row(
            name, took["refused"], f"{took['seconds']:.2f}", f"{took['cpu_s']:.2f}", f"{took['mb']:,}"
        )
    return shown


def three_digits(number: float) -> str:
    """Three digits that count."""
    return f"{number:,.0f}" if number >= 100 else f"{number:.{max(0, 2 - floor(log10(number)))}f}"


if __name__ == "__main__":
    sys.exit(main())
