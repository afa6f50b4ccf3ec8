"""The split of an early end is computed: exact, within the amount, and without a cliff."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from market.kit.figures import Figures
from market.orders.fair import WHOLE, ExitRules, Rung, StageFacts, rung_of, split_of
from market.orders.states import MilestoneState as M
from market.orders.states import Stage

RULES = ExitRules.of(Figures())
BEGUN = datetime(2026, 11, 1, tzinfo=UTC)
DAY = timedelta(days=1)
DRAFT = StageFacts(
    stage=Stage.DRAFT,
    amount_fen=400_000,
    released_fen=0,
    state=M.ACTIVE,
    begun_at=BEGUN,
    due_at=BEGUN + 10 * DAY,
    submitted_at=None,
    waited_s=0,
    rounds=0,
)
CALM = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

rules = st.builds(
    ExitRules,
    working_bps=st.integers(0, 10_000),
    revised_bps=st.integers(0, 10_000),
    handed_in_bps=st.integers(0, 10_000),
    ready_bps=st.integers(0, 10_000),
    idle_bps_a_day=st.integers(0, 2_000),
    grace_h=st.integers(0, 96),
    sample_cap_fen=st.integers(0, 10**7),
)


@st.composite
def stages(draw: st.DrawFn) -> StageFacts:
    amount = draw(st.integers(1, 10**9))
    submitted = draw(st.none() | st.integers(0, 40 * 86_400))
    state = draw(st.sampled_from([M.PENDING, M.ACTIVE, M.SUBMITTED]))
    return StageFacts(
        stage=draw(st.sampled_from(list(Stage))),
        amount_fen=amount,
        released_fen=draw(st.integers(0, amount)),
        state=state,
        begun_at=None if state is M.PENDING else BEGUN,
        due_at=BEGUN + timedelta(seconds=draw(st.integers(0, 60 * 86_400))),
        submitted_at=BEGUN + timedelta(seconds=submitted or 0) if state is M.SUBMITTED else None,
        waited_s=draw(st.integers(0, 30 * 86_400)),
        rounds=draw(st.integers(0, 5)),
    )


moments = st.integers(0, 120 * 86_400).map(lambda s: BEGUN + timedelta(seconds=s))


@CALM
@given(st.lists(stages(), min_size=1, max_size=5), rules, moments, st.integers(0, 10**8))
def test_every_fen_of_what_is_left_goes_to_one_of_both(facts, rules, at, sample):
    split = split_of(facts, rules, at, sample_fen=sample)

    assert split.total_fen == sum(f.amount_fen - f.released_fen for f in facts)
    for line, stage in zip(split.lines, facts, strict=True):
        assert 0 <= line.creator_fen <= stage.amount_fen - stage.released_fen
        assert line.creator_fen + line.merchant_fen == stage.amount_fen - stage.released_fen
        assert 0 <= line.share <= WHOLE
    assert 0 <= split.sample_fen <= min(sample, rules.sample_cap_fen)


@CALM
@given(stages(), rules, moments, st.integers(1, 86_400))
def test_there_is_no_cliff(stage, rules, at, seconds):
    """However the clock moves, the split moves no faster than the rules say: the steepest rung over its time, and
    the daily rate of both sides' idleness."""
    now, later = (split_of([stage], rules, when) for when in (at, at + timedelta(seconds=seconds)))

    span = max(1, int((stage.due_at - BEGUN).total_seconds()))
    steepest = stage.amount_fen * rules.idle_bps_a_day * seconds // WHOLE
    if rung_of(stage) is Rung.WORKING:
        steepest += stage.amount_fen * rules.working_bps * min(seconds, span) // (10_000 * span)
    assert abs(later.creator_fen - now.creator_fen) <= steepest + 2


@CALM
@given(stages(), rules, moments, st.integers(0, 30 * 86_400))
def test_a_merchant_who_lets_work_lie_never_pays_less_for_it(stage, rules, at, more):
    stage = replace(stage, state=M.SUBMITTED, begun_at=BEGUN, submitted_at=BEGUN + DAY)

    early, late = (split_of([stage], rules, max(at, BEGUN + DAY) + timedelta(seconds=s)) for s in (0, more))

    assert late.creator_fen >= early.creator_fen


def test_a_stage_begun_on_its_last_day_stands_at_its_rungs_top_at_once():
    stage = StageFacts(
        stage=Stage.DRAFT,
        amount_fen=10_000,
        released_fen=0,
        state=M.ACTIVE,
        begun_at=BEGUN,
        due_at=BEGUN,
        submitted_at=None,
        waited_s=0,
        rounds=0,
    )
    rules = ExitRules(
        working_bps=2_000,
        revised_bps=0,
        handed_in_bps=0,
        ready_bps=0,
        idle_bps_a_day=0,
        grace_h=0,
        sample_cap_fen=0,
    )

    now, later = (split_of([stage], rules, BEGUN + timedelta(seconds=s)) for s in (0, 1))

    assert now.creator_fen == later.creator_fen == 2_000


@CALM
@given(stages(), rules, st.integers(0, 30 * 86_400))
def test_a_creator_who_is_late_never_gets_more_for_it(stage, rules, more):
    stage = replace(stage, stage=Stage.DRAFT, state=M.ACTIVE, begun_at=BEGUN, submitted_at=None)
    due = max(stage.due_at, BEGUN)

    early, late = (split_of([stage], rules, due + timedelta(seconds=s)) for s in (0, more))

    assert late.creator_fen <= early.creator_fen


@CALM
@given(stages(), rules, moments, st.integers(0, 10**8), st.integers(0, 10**8))
def test_a_dearer_sample_never_gives_the_creator_more(stage, rules, at, sample, more):
    cheap, dear = (split_of([stage], rules, at, sample_fen=s) for s in (sample, sample + more))

    assert dear.creator_fen <= cheap.creator_fen


def test_the_ladder_by_hand():
    def creators(facts: StageFacts, at: datetime) -> int:
        return split_of([facts], RULES, at).creator_fen

    half = BEGUN + 5 * DAY
    handed_in = replace(DRAFT, state=M.SUBMITTED, submitted_at=half)

    assert creators(replace(DRAFT, state=M.PENDING, begun_at=None), half) == 0
    assert creators(DRAFT, half) == 60_000  # half of 30 % of 4,000.00
    assert creators(DRAFT, BEGUN + 15 * DAY) == 80_000  # 30 % less five days at 2 %
    assert creators(DRAFT, BEGUN + 60 * DAY) == 0
    assert creators(handed_in, half) == 280_000
    assert creators(handed_in, half + DAY) == 280_000, "a day to look is free"
    assert creators(handed_in, half + 4 * DAY) == 304_000  # three days at 2 %
    assert creators(replace(DRAFT, rounds=1), half) == 200_000
    assert creators(replace(DRAFT, stage=Stage.PUBLISHED), half) == 360_000
