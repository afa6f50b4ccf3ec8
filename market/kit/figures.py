"""The business's own figures, read from the environment once. Rules frozen in an order are copied into its terms."""

from dataclasses import dataclass, fields
from os import environ


@dataclass(frozen=True)
class Figures:
    """Every number that is our choice. `VTASK_FEE_BPS=600` sets `fee_bps`."""

    fee_bps: int = 500  # the platform's share of each milestone
    tax_bps: int = 300  # withheld from the creator's own part
    company_tax_bps: int = 0  # the same when the creator is a company, which pays its taxes itself
    milestone_script: int = 10  # K11: the default stages, in percent
    milestone_draft: int = 40
    milestone_published: int = 50
    revisions: int = 2
    auto_accept_h: int = 72  # K13
    rush_auto_accept_h: int = 24  # K13: briefs of a campaign
    extension_h: int = 48  # K13: the merchant may ask for this much more time, once
    exit_working_bps: int = 3000  # K16: a stage in work, when it is due; before, in proportion
    exit_revised_bps: int = 5000  # sent back at least once
    exit_handed_in_bps: int = 7000
    exit_ready_bps: int = 9000  # accepted, waiting for its publication
    exit_idle_bps_a_day: int = (
        200  # more for each day the merchant lets it lie, less for each day the creator is late
    )
    exit_grace_h: int = 24  # the merchant's time to look costs nothing for this long
    exit_sample_cap_fen: int = 100_000  # the most a sample that is not returned may take off
    exit_answer_h: int = 72  # silence for this long: the computed split
    exit_rounds: int = 6  # proposals of both sides together
    change_answer_h: int = 72  # K15: a proposal nobody answers for this long is void
    change_pay_h: int = 72  # K15: agreed to, and nobody paid what it adds
    case_answer_h: int = 48  # K17: silence for this long loses
    case_talk_h: int = 72  # then the platform rules
    case_ruling_h: int = 48
    case_appeal_h: int = 48  # one appeal, within this time
    ruling_two_from_fen: int = 500_000  # a ruling about more needs a second operator
    refund_two_from_fen: int = 500_000  # M6: a refund after release from this sum on needs a second operator
    held_days: int = 90  # money of an order that nobody touched for this long is a person's task
    cooling_h: int = 72  # released money becomes withdrawable after this
    funding_lapse_h: int = 72  # an award nobody funds lapses
    staged_from_fen: int = 100_000  # M2: from this price an order may be funded stage by stage
    funding_reminder_h: int = 24  # M2: a stage that waits for its money is called to mind so often
    min_top_up_fen: int = 100  # M2: one payment into the wallet
    max_top_up_fen: int = 50_000_000
    invitation_h: int = 72
    signal_warning_h: int = 72  # X5: a creator hears of a traffic signal so long before it costs points
    portrait_least: int = 20  # X4: no group of fewer persons can be read out of a portrait
    rush_agency_bps: int = 5_000  # X6: of an agency's free slots, the part one run of the rush may fill
    turns_days: int = 7  # X2: what lists of the last so many days showed counts for whose turn it is
    turns_cap: int = 5  # X2: other merchants' open lists a creator leads for each free slot; 0: no cap
    turns_floor: int = 1  # X2: lists everybody of a category is to stand in within the window; 0: none
    turns_marked_percent: int = 10  # X2: of a page, for new creators and those not seen; 0: none
    min_withdrawal_fen: int = 100
    pending_invitations: int = 20  # K8: open invitations per brief
    live_bids: int = 50  # open bids per creator
    stranger_invitations_a_day: int = 30  # K8: to creators who never worked for this merchant
    min_price_fen: int = 100  # budgets and bids: below this a stage would round to nothing
    roster_notice_days: int = 7  # A1
    pending_roster_invitations: int = 50  # A1: unanswered, per agency
    merchant_debt_cap_fen: int = 5_000_000  # M6: what a merchant may come to owe, by contract
    payee_debt_cap_fen: int = 2_000_000  # M6: the same for a creator or an agency
    chargeback_payee_bps: int = (
        0  # M6: of what payees earned, the part they may owe after a loss; 0: none is clawed
    )
    chargeback_freezes_cooling: int = 1  # M6: 1 sets aside what payees have cooling of a disputed order
    chargeback_freezes_available: int = 0  # M6: 1 also what has matured and is still there
    payout_fee_fen: int = 0  # M5: the platform's fee for one withdrawal
    bank_change_hold_h: int = 24  # M5: nothing goes out so long after another bank account was given
    bounced_payout_h: int = (
        72  # M5: what the bank returned and nobody decided about is available again after this
    )
    approval_h: int = 48  # A5: a request for a second operator's word is void after this
    low_film_answer_h: int = (
        72  # V7: a warning about a film that nobody answered goes to an operator after this
    )
    live_reminder_min: int = 15  # reminders of a live show go out this long before it starts


def read(env: "dict[str, str] | None" = None) -> Figures:
    """Raises ValueError, naming the variable, when one is not a whole number ≥ 0."""
    source = environ if env is None else env
    given = {}
    for figure in fields(Figures):
        name = f"VTASK_{figure.name.upper()}"
        if name in source:
            if not source[name].isdigit():
                raise ValueError(f"{name} must be a whole number, not {source[name]!r}")
            given[figure.name] = int(source[name])
    return Figures(**given)


figures = read()
