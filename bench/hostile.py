"""Files that attack whoever opens them: how long each is looked at until it is refused, and the most memory that takes."""

from pathlib import Path
from tempfile import TemporaryDirectory

from bench.rounds import Result


def run(rounds: int) -> list[Result]:
    """Raises RuntimeError when one is let through or refused for another reason, or when anybody is called."""
    from tests.media import clips, hostile

    seconds: list[float] = []
    mb: list[float] = []
    files: dict[str, dict[str, float | str]] = {}
    with TemporaryDirectory() as folder, hostile.listening() as ear:
        made = hostile.build(Path(folder), clips.clip(Path(folder, "film.mp4")), ear)
        for _ in range(rounds):
            verdicts = hostile.judge(made)
            for name, verdict in verdicts.items():
                if verdict.code != hostile.HOSTILE[name][0]:
                    raise RuntimeError(f"{name}: said {verdict.code}, not {hostile.HOSTILE[name][0]}")
                old = files.get(name, {"seconds": 0.0, "cpu_s": 0.0, "mb": 0})
                worst = {each: max(old[each], getattr(verdict, each)) for each in ("seconds", "cpu_s", "mb")}
                files[name] = {"refused": verdict.code, **worst}
            seconds.append(max(each.seconds for each in verdicts.values()))
            mb.append(max(each.mb for each in verdicts.values()))
        if ear.hits:
            raise RuntimeError(f"{ear.hits} connections were made")
    return [
        Result(
            "hostile_time",
            f"{hostile.LIMIT_S} s for a file",
            "1/s of the slowest",
            [1 / each for each in seconds],
            [1 / hostile.LIMIT_S] * rounds,
            {"files": files, "connections": ear.hits},
        ),
        Result(
            "hostile_memory",
            f"{hostile.LIMIT_MB} MB for a file",
            "1/MB of the largest",
            [1 / each for each in mb],
            [1 / hostile.LIMIT_MB] * rounds,
        ),
    ]
