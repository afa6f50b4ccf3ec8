"""The facts of delivery. All carry the order's number and title, submission_id, stage and version."""

SUBMITTED = "delivery.submitted"  # due_at: when it is accepted by itself
REVISION_ASKED = "delivery.revision_asked"  # remarks (how many), left (rounds)
REMARKED = "delivery.remarked"
ACCEPTED = "delivery.accepted"  # amount_fen, auto, kind, format
SCHEDULED = "delivery.scheduled"  # publish_at: when the accepted draft will be published
EXTENDED = "delivery.extended"  # due_at
HALF = "auto_accept.half"  # due_at, amount_fen
SOON = "auto_accept.soon"
