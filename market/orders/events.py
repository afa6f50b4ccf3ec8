"""The facts of an order. Data: number, title, and what each name adds."""

AWARDED = "order.awarded"  # amount_fen, due_at
FUNDED = "order.funded"  # amount_fen
STAGE_FUNDED = "order.stage_funded"  # stage, amount_fen
STAGE_AWAITS = "order.stage_awaits_funds"  # stage, amount_fen, due_at
WALLET_SHORT = "order.wallet_short"  # amount_fen: what is missing
SURPLUS_RETURNED = "order.surplus_returned"  # amount_fen: now in the merchant's wallet
LAPSED = "order.lapsed"
CANCELLED = "order.cancelled"
COMPLETED = "order.completed"  # amount_fen
FROZEN = "order.frozen"  # source
THAWED = "order.thawed"
RELEASED = "milestone.released"  # stage, amount_fen, auto, and per payee {party id: fen} in `parts`
PART_RELEASED = "milestone.part_released"  # the same, and left_fen
TAKEN_BACK = "milestone.taken_back"  # refunded after release: stage, amount_fen, parts
SETTLED = "order.settled"  # amount_fen: released in all, returned_fen
EXIT_ASKED = "exit.asked"  # creator_fen, merchant_fen, subsidy_fen: of it the platform's, due_at
EXIT_COUNTERED = "exit.countered"  # the same
EXIT_AGREED = "exit.agreed"  # the same
EXIT_SILENT = "exit.silent"  # nobody answered: the computed split; the same
EXIT_WITHDRAWN = "exit.withdrawn"
EXIT_SOON = "exit.soon"  # due_at: reminders at 50 % and 90 %
# Of a change: stage, amount_fen: what is added, days, version
CHANGE_PROPOSED = "change.proposed"  # due_at
CHANGE_COUNTERED = "change.countered"  # due_at
CHANGE_AGREED = "change.agreed"  # its money is awaited: due_at
CHANGE_IN_FORCE = "change.in_force"  # hash of the addendum
CHANGE_DECLINED = "change.declined"  # reason
CHANGE_WITHDRAWN = "change.withdrawn"
CHANGE_EXPIRED = "change.expired"
CHANGE_OVERTAKEN = "change.overtaken"
ENDED = "milestone.ended"  # refunded or split: stage, amount_fen: to the payees, returned_fen, outcome, parts
