"""The one interface of matching; pages, API and alerts all ask here."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from market.creators.models import Profile
from market.creators.queries import profile as find_profile
from market.kit.clock import now
from market.matching import queries
from market.matching.scoring import Reason, score
from market.tasks.models import Task


@dataclass(frozen=True)
class Match:
    """A creator for a brief, or a brief for a creator: score 0..1 and the reasons it is made of."""

    creator: Profile
    task: Task
    score: float
    reasons: tuple[Reason, ...]

    @property
    def creator_id(self) -> UUID:
        return self.creator.party_id


def rank(task: Task, limit: int = 20) -> list[Match]:
    """Creators for the brief, best first. Ties go to the older profile, so that a list is always the same."""
    found = queries.candidates(task)
    records = queries.records(each.party_id for each in found)
    at = now()
    matches = [Match(each, task, *score(task, each, records[each.party_id], at)) for each in found]
    return sorted(matches, key=lambda match: (-match.score, match.creator_id))[:limit]


def fits(creator_id: UUID, tasks: Iterable[Task]) -> list[Match]:
    """How well each of these briefs suits the creator, in the given order."""
    profile = find_profile(creator_id)
    return _fits(profile, tasks) if profile else []


def briefs_for(creator_id: UUID, limit: int = 20) -> list[Match]:
    """Open briefs for the creator, best first, by the same score."""
    profile = find_profile(creator_id)
    matches = _fits(profile, queries.open_briefs(profile)) if profile else []
    return sorted(matches, key=lambda match: (-match.score, match.task.id))[:limit]


def _fits(profile: Profile, tasks: Iterable[Task]) -> list[Match]:
    record = queries.records([profile.party_id])[profile.party_id]
    at = now()
    return [Match(profile, task, *score(task, profile, record, at)) for task in tasks]
