"""`./vtask prove [NAME …] [--seconds N] [--seed N] [--json]`"""

import argparse
import json
import os
import random
import sys
import time
from collections.abc import Callable
from typing import Any

from flask import Flask

from prove import bank, machine, races, reconcile, tamper, webhooks
from prove.ground import Broken, ground

Proof = Callable[[Flask, float, int], dict[str, Any]]
"""Tries for about so many seconds, with this seed; what it did. Raises Broken."""

PROOFS: dict[str, tuple[Proof, float]] = {
    "bank": (bank.prove, 60),
    "release-race": (races.prove_release, 30),
    "same-key": (races.prove_same_key, 30),
    "machine": (machine.prove, 120),
    "tamper": (tamper.prove, 30),
    "webhooks": (webhooks.prove, 60),
    "reconcile": (reconcile.prove, 60),
}
"""By name, with the seconds it takes unless told otherwise."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="vtask prove", description=__import__("prove").__doc__)
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help=f"of {', '.join(PROOFS)}; all when none is named"
    )
    parser.add_argument("--seconds", type=float, help="how long each tries (by itself: 30 to 120)")
    parser.add_argument(
        "--seed", type=int, help="the same seed makes the same choices (by itself: a new one)"
    )
    parser.add_argument("--json", action="store_true", help="one object by name on standard output")
    asked = parser.parse_args()
    unknown = set(asked.names) - set(PROOFS)
    if unknown:
        parser.error(f"no such proof: {', '.join(sorted(unknown))} (there are {', '.join(PROOFS)})")

    seed = random.SystemRandom().randrange(10**9) if asked.seed is None else asked.seed
    results: dict[str, dict[str, Any]] = {}
    for name in asked.names or PROOFS:
        prove, seconds = PROOFS[name]
        begin = time.monotonic()
        with ground() as app:
            try:
                results[name] = {"holds": True, **prove(app, asked.seconds or seconds, seed)}
            except Broken as broken:
                results[name] = {"holds": False, "found": str(broken)}
        results[name] |= {
            "seed": seed,
            "seconds": round(time.monotonic() - begin, 1),
            "load": round(os.getloadavg()[0], 1),
        }
        if not asked.json:
            tell(name, results[name])
    if asked.json:
        print(json.dumps(results, indent=1, ensure_ascii=False))
    return 0 if all(result["holds"] for result in results.values()) else 1


def tell(name: str, result: dict[str, Any]) -> None:
    facts = {key: value for key, value in result.items() if key not in ("holds", "found")}
    print(f"{'holds ' if result['holds'] else 'BROKEN'}  {name}")
    for key, value in facts.items():
        print(f"          {key.replace('_', ' ')}: {value}")
    if not result["holds"]:
        print(f"          found: {result['found']}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
