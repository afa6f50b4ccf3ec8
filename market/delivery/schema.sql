-- Accepting the plain case in one statement: a waiting version of a stage that nothing was paid of yet, whose money is
-- here and so is that of the stage after it, with no freeze, no case, no change on the table. It writes, row for row,
-- what delivery/service.py accept writes then (tests/delivery/test_shortcut.py compares them), and the decision row is
-- the same one that every ending competes for. Of anything else it does nothing and raises VT011: the caller goes the
-- long way, which alone refuses and says why. Money moves by ledger_post, as everywhere.
-- Idempotent: run again whenever it changes.
CREATE OR REPLACE FUNCTION delivery_accept(
    p_submission uuid, p_order uuid, p_said text, p_person uuid, p_party uuid, p_timers text[], p_at timestamptz,
    p_key text
) RETURNS void LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
    nobody CONSTANT uuid := '00000000-0000-0000-0000-000000000000';
    v_order record;
    v_work record;
    v_fee bigint;
    v_agency bigint;
    v_tax bigint;
    v_creator bigint;
    v_payees uuid[];
    v_parts bigint[];
    v_kinds text[];
    v_owners uuid[];
    v_amounts bigint[];
    v_posting uuid;
    v_named jsonb;
BEGIN
    IF NOT pg_try_advisory_xact_lock(hashtextextended(p_key, 0)) THEN
        RAISE EXCEPTION 'somebody is at work under this key' USING ERRCODE = 'VT011';
    END IF;
    -- Changing the order locks it. What is found not to be plain after that is taken back by the refusal.
    UPDATE orders SET state = CASE state WHEN 'scripting' THEN 'drafting' ELSE 'publishing' END
    WHERE id = p_order AND state IN ('scripting', 'drafting') AND frozen_at IS NULL
    RETURNING CASE state WHEN 'drafting' THEN 'draft' ELSE 'published' END AS next_stage, fee_bps, commission_bps,
        tax_bps, creator_id, agency_id, merchant_id, title, format, awarded_at, serial,
        p_at + make_interval(hours => (terms ->> 'cooling_h')::int) AS matures_at
    INTO v_order;
    UPDATE submissions s SET state = 'accepted', decided_at = p_at, auto = false
    FROM milestones m, milestones next
    WHERE s.id = p_submission AND s.state = 'submitted'
        AND m.id = s.milestone_id AND m.order_id = p_order AND m.state = 'submitted' AND m.funded_at IS NOT NULL
        AND m.amount_fen > 0 AND m.released_fen = 0 AND m.receipt IS NULL
        AND next.order_id = p_order AND next.kind = v_order.next_stage AND next.state = 'pending'
        AND next.funded_at IS NOT NULL
        AND NOT EXISTS (SELECT FROM milestones other WHERE other.order_id = p_order AND other.id <> m.id
            AND (other.state IN ('active', 'submitted', 'held')
                OR other.state = 'pending' AND other.position < next.position))
        AND NOT EXISTS (SELECT FROM order_changes c WHERE c.order_id = p_order AND c.state IN ('open', 'agreed'))
    RETURNING s.version, s.kind, m.id AS stage_id, m.kind AS stage, m.amount_fen, next.id AS next_id
    INTO v_work;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'not the plain case' USING ERRCODE = 'VT011';
    END IF;

    -- As in orders/shares.py.
    v_fee := v_work.amount_fen * v_order.fee_bps / 10000;
    v_agency := (v_work.amount_fen - v_fee) * v_order.commission_bps / 10000;
    v_tax := (v_work.amount_fen - v_fee - v_agency) * v_order.tax_bps / 10000;
    v_creator := v_work.amount_fen - v_fee - v_agency - v_tax;
    v_payees := ARRAY[v_order.creator_id];
    v_parts := ARRAY[v_creator];
    v_kinds := ARRAY['PP', 'FEE', 'TAX'];
    v_owners := ARRAY[v_order.creator_id, nobody, nobody];
    v_amounts := ARRAY[v_creator, v_fee, v_tax];
    IF v_order.agency_id IS NOT NULL THEN
        v_payees := v_payees || v_order.agency_id;
        v_parts := v_parts || v_agency;
        v_kinds := v_kinds || 'PP'::text;
        v_owners := v_owners || v_order.agency_id;
        v_amounts := v_amounts || v_agency;
    END IF;
    IF 0 = ANY (v_amounts) THEN
        SELECT array_agg(l.kind ORDER BY l.n), array_agg(l.owner ORDER BY l.n), array_agg(l.fen ORDER BY l.n)
        INTO v_kinds, v_owners, v_amounts
        FROM unnest(v_kinds, v_owners, v_amounts) WITH ORDINALITY AS l (kind, owner, fen, n) WHERE l.fen > 0;
    END IF;
    v_posting := ledger_post('release', 'release:' || v_work.stage_id, 'CNY', 'milestone', v_work.stage_id,
        array_fill('EM'::text, ARRAY[cardinality(v_amounts)]), array_fill(v_work.stage_id, ARRAY[cardinality(v_amounts)]),
        v_kinds, v_owners, v_amounts, p_person, p_party, NULL, p_at);

    INSERT INTO milestone_endings (milestone_id, order_id, outcome, cause, released_fen, returned_fen, posting_id,
        by_person, by_party, decided_at)
    VALUES (v_work.stage_id, p_order, 'release', 'accepted', v_work.amount_fen, 0, v_posting, p_person, p_party, p_at);
    UPDATE milestones m SET state = n.state, released_fen = n.released_fen, fee_fen = n.fee_fen,
        agency_fen = n.agency_fen, tax_fen = n.tax_fen, creator_fen = n.creator_fen, held_by = NULL,
        begun_at = coalesce(m.begun_at, p_at), ended_at = n.ended_at, released_at = n.ended_at
    FROM (VALUES (v_work.stage_id, 'released', v_work.amount_fen, v_fee, v_agency, v_tax, v_creator, p_at),
        (v_work.next_id, 'active', 0, NULL, NULL, NULL, NULL, NULL))
        AS n (id, state, released_fen, fee_fen, agency_fen, tax_fen, creator_fen, ended_at)
    WHERE m.id = n.id;

    v_named := jsonb_build_object('number', 'VT' || to_char(v_order.awarded_at AT TIME ZONE 'Asia/Shanghai', 'YYYYMMDD')
        || '-' || lpad(v_order.serial::text, greatest(6, length(v_order.serial::text)), '0'),
        'title', v_order.title, 'stage', v_work.stage, 'amount_fen', v_work.amount_fen, 'auto', false);
    INSERT INTO earnings (party_id, source_id, part, subject_id, number, title, stage, amount_fen, released_at,
        matures_at, taken_fen)
    SELECT p.party_id, v_work.stage_id, 0, p_order, v_named ->> 'number', v_order.title, v_work.stage, p.fen, p_at,
        v_order.matures_at, 0
    FROM unnest(v_payees, v_parts) AS p (party_id, fen) WHERE p.fen > 0;
    INSERT INTO work_items (handler, subject_id, data, key, due_at, state, attempts)
    SELECT 'payments.mature', v_work.stage_id, '{"part": 0}', concat('payments.mature:', v_work.stage_id, ':', 0),
        v_order.matures_at, 'waiting', 0
    WHERE v_fee + v_tax < v_work.amount_fen;
    DELETE FROM work_items WHERE id = ANY (ARRAY(
        SELECT id FROM work_items WHERE subject_id = p_submission AND handler = ANY (p_timers) AND state = 'waiting'
            AND event_id IS NULL FOR UPDATE SKIP LOCKED));
    INSERT INTO events (name, subject_id, person_id, party_id, audience, data, at) VALUES
        ('milestone.released', p_order, p_person, p_party, '{}', v_named || jsonb_build_object('parts',
            (SELECT jsonb_object_agg(p.party_id, p.fen) FROM unnest(v_payees, v_parts) AS p (party_id, fen))), p_at),
        ('delivery.accepted', p_order, p_person, p_party,
            array_remove(ARRAY[v_order.merchant_id, v_order.creator_id, v_order.agency_id], NULL), v_named || jsonb_build_object(
            'submission_id', p_said, 'version', v_work.version, 'kind', v_work.kind, 'format', v_order.format), p_at);
END $$;
