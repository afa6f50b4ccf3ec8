"""The facts of a case. All carry the order's number and title, stage, and url: the case's page."""

OPENED = "dispute.opened"  # amount_fen: what is held, due_at
ANSWERED = "dispute.answered"
STATED = "dispute.stated"
OFFERED = "dispute.offered"  # creator_fen, merchant_fen
ESCALATED = "dispute.escalated"  # due_at
RULED = "dispute.ruled"  # creator_fen, merchant_fen, due_at: until when it may be appealed
APPEALED = "dispute.appealed"  # due_at
DECIDED = "dispute.decided"  # creator_fen, merchant_fen, how
DROPPED = "dispute.dropped"
SOON = "dispute.soon"  # due_at
OVERDUE = "dispute.overdue"  # to operators
