-- What the models cannot say: the one writer of the ledger, its checkpoints, and the refusal of every other change.
-- Idempotent: run after the tables exist, and again whenever it changes.

-- The chart of accounts, the same as KINDS in accounts.py: code, the side that makes it grow (1 credit, -1 debit),
-- hot (insert-only, without a balance row), owned (by somebody; the platform's own accounts are not).
CREATE OR REPLACE FUNCTION ledger_kinds() RETURNS TABLE (code text, sign smallint, hot boolean, owned boolean)
LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
    VALUES
        ('SC', -1::smallint, true, false),
        ('MW', 1, false, true), ('EU', 1, false, true), ('EM', 1, false, true), ('EH', 1, false, true),
        ('PP', 1, false, true), ('PA', 1, false, true), ('PT', 1, false, true), ('RF', 1, false, true),
        ('CB', 1, false, true), ('CP', 1, false, true),
        ('CBR', -1, false, true), ('MREC', -1, false, true), ('PREC', -1, false, true),
        ('FEE', 1, true, false), ('TAX', 1, true, false), ('PF', 1, true, false),
        ('SFE', -1, true, false), ('DFE', -1, true, false), ('PRO', -1, true, false),
        ('LOSS', -1, true, false), ('FX', -1, true, false), ('SUSP', -1, true, false);
END;


-- The content of a posting, for "same key, other content" and for finding rows edited behind our back.
-- Who posted it, when, and by which outside object it was noticed is not content: an approval and the timer that
-- would have approved share one key.
CREATE OR REPLACE FUNCTION ledger_content(
    kind text, currency text, source_type text, source_id uuid,
    debit_kinds text[], debit_owners uuid[], credit_kinds text[], credit_owners uuid[], amounts bigint[]
) RETURNS bytea LANGUAGE sql STABLE PARALLEL SAFE
RETURN sha256(convert_to(
    ROW (kind, currency, source_type, source_id, debit_kinds, debit_owners, credit_kinds, credit_owners, amounts)::text,
    'UTF8'));


-- Open the accounts that do not exist yet, each with its balance row unless its kind is hot.
CREATE OR REPLACE FUNCTION ledger_open(p_currency text, p_kinds text[], p_owners uuid[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
    IF EXISTS (
        SELECT FROM unnest(p_kinds, p_owners) AS n (kind, owner_id)
        LEFT JOIN ledger_kinds() k ON k.code = n.kind
        WHERE k.owned IS DISTINCT FROM (n.owner_id <> '00000000-0000-0000-0000-000000000000')
    ) THEN
        RAISE EXCEPTION 'no such account among % of %', p_kinds, p_owners USING ERRCODE = 'VT003';
    END IF;
    WITH opened AS (
        INSERT INTO ledger_accounts (kind, owner_id, currency, sign, hot)
        SELECT DISTINCT k.code, n.owner_id, p_currency, k.sign, k.hot
        FROM unnest(p_kinds, p_owners) AS n (kind, owner_id)
        JOIN ledger_kinds() k ON k.code = n.kind
        ORDER BY n.owner_id, k.code
        ON CONFLICT (owner_id, kind, currency) DO NOTHING
        RETURNING id, sign, hot
    )
    INSERT INTO ledger_balances (account_id, sign) SELECT id, sign FROM opened WHERE NOT hot;
END $$;


-- Post once: returns the posting's id, the old one if this key was posted before with the same content.
-- Raises VT001 (the key was used for something else), VT003 (makes no sense), 23514 no_overdraft (not enough money).
-- The planner settings keep the cached plans right from the first row of an empty database on: each account is
-- looked up by its key, and balances are visited in the order they are listed.
CREATE OR REPLACE FUNCTION ledger_post(
    p_kind text, p_key text, p_currency text, p_source_type text, p_source_id uuid,
    p_debit_kinds text[], p_debit_owners uuid[], p_credit_kinds text[], p_credit_owners uuid[], p_amounts bigint[],
    p_person uuid DEFAULT NULL, p_party uuid DEFAULT NULL, p_external_ref text DEFAULT NULL,
    p_at timestamptz DEFAULT clock_timestamp()
) RETURNS uuid LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off
SET enable_hashjoin = off
SET enable_mergejoin = off
AS $$
DECLARE
    v_content bytea := ledger_content(p_kind, p_currency, p_source_type, p_source_id,
        p_debit_kinds, p_debit_owners, p_credit_kinds, p_credit_owners, p_amounts);
    v_id uuid;
    v_old ledger_postings;
    v_legs int := cardinality(p_amounts);
    v_ids bigint[];  -- the accounts of the debits, then those of the credits
BEGIN
    IF (p_key <> '' AND v_legs > 0 AND v_legs = ALL (ARRAY[cardinality(p_debit_kinds), cardinality(p_debit_owners),
            cardinality(p_credit_kinds), cardinality(p_credit_owners)])) IS NOT TRUE THEN
        RAISE EXCEPTION 'a posting needs a key and whole legs' USING ERRCODE = 'VT003';
    END IF;

    -- A twin that runs at this moment makes us wait here for its end. The id carries the time at which the money
    -- moved, so that statements are in its order.
    INSERT INTO ledger_postings (id, kind, idem_key, req_hash, currency, source_type, source_id,
        by_person, by_party, external_ref, effective_at)
    VALUES (uuidv7(p_at - clock_timestamp()), p_kind, p_key, v_content, p_currency, p_source_type, p_source_id,
        p_person, p_party, p_external_ref, p_at)
    ON CONFLICT (idem_key) DO NOTHING
    RETURNING id INTO v_id;
    IF v_id IS NULL THEN
        SELECT * INTO STRICT v_old FROM ledger_postings WHERE idem_key = p_key;
        IF v_old.req_hash <> v_content THEN
            RAISE EXCEPTION 'key % was used for posting % with other content', p_key, v_old.id
                USING ERRCODE = 'VT001';
        END IF;
        RETURN v_old.id;
    END IF;

    FOR attempt IN 1..2 LOOP
        v_ids := ARRAY(
            SELECT (SELECT a.id FROM ledger_accounts a
                WHERE a.owner_id = l.owner_id AND a.kind = l.kind AND a.currency = p_currency)
            FROM unnest(p_debit_kinds || p_credit_kinds, p_debit_owners || p_credit_owners) WITH ORDINALITY
                AS l (kind, owner_id, place)
            ORDER BY l.place);
        EXIT WHEN array_position(v_ids, NULL) IS NULL;
        PERFORM ledger_open(p_currency, p_debit_kinds || p_credit_kinds, p_debit_owners || p_credit_owners);
    END LOOP;

    -- One sum per account (checked leg by leg, 300 + 300 could leave an account of 500), in the one lock order, by
    -- account id. Hot accounts have no balance row: their transfers are their balance.
    WITH legs AS (
        INSERT INTO ledger_transfers (posting_id, leg, debit_id, credit_id, amount)
        SELECT v_id, l.leg, l.debit_id, l.credit_id, l.amount
        FROM unnest(v_ids[:v_legs], v_ids[v_legs + 1:], p_amounts) WITH ORDINALITY
            AS l (debit_id, credit_id, amount, leg)
        RETURNING debit_id, credit_id, amount
    ), sums AS MATERIALIZED (
        SELECT m.id, sum(m.amount)::bigint AS amount
        FROM (SELECT credit_id AS id, amount FROM legs UNION ALL SELECT debit_id, -amount FROM legs) m
        GROUP BY m.id ORDER BY m.id
    )
    UPDATE ledger_balances b SET amount = b.amount + b.sign * sums.amount
    FROM sums WHERE b.account_id = sums.id;
    RETURN v_id;
END $$;


-- Hold the balances of these accounts until the transaction ends: who moves money there waits, and then sees what we
-- wrote. Taken in the one lock order; before the first posting of a transaction that reads a balance and acts on it.
CREATE OR REPLACE FUNCTION ledger_lock(p_currency text, p_kinds text[], p_owners uuid[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
    IF EXISTS (
        SELECT FROM unnest(p_kinds, p_owners) AS n (kind, owner_id)
        WHERE NOT EXISTS (SELECT FROM ledger_accounts a
            WHERE a.owner_id = n.owner_id AND a.kind = n.kind AND a.currency = p_currency)
    ) THEN
        PERFORM ledger_open(p_currency, p_kinds, p_owners);
    END IF;
    PERFORM FROM ledger_balances b
    WHERE b.account_id IN (SELECT a.id FROM unnest(p_kinds, p_owners) AS n (kind, owner_id)
        JOIN ledger_accounts a ON a.owner_id = n.owner_id AND a.kind = n.kind AND a.currency = p_currency)
    ORDER BY b.account_id FOR UPDATE;
END $$;


-- What is in an account, seen from the side that makes it grow.
CREATE OR REPLACE FUNCTION ledger_amount(p_account bigint) RETURNS bigint
LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    SELECT CASE WHEN NOT a.hot THEN (SELECT b.amount FROM ledger_balances b WHERE b.account_id = a.id)
        ELSE coalesce(k.amount, 0) + a.sign * (
            coalesce((SELECT sum(t.amount) FROM ledger_transfers t
                WHERE t.credit_id = a.id AND t.xid >= coalesce(k.upto, 0)), 0)
            - coalesce((SELECT sum(t.amount) FROM ledger_transfers t
                WHERE t.debit_id = a.id AND t.xid >= coalesce(k.upto, 0)), 0))
        END::bigint
    FROM ledger_accounts a LEFT JOIN ledger_checkpoints k ON k.account_id = a.id
    WHERE a.id = p_account;
$$;


-- Move the checkpoint of each hot account up to now; returns how many moved. Every transaction below `upto` has
-- ended before the sums are taken, and none can begin there later, so no row is missed or counted twice.
-- The counter of transactions survives everything but a logical restore (pg_dump) into another cluster: then
-- DELETE FROM ledger_checkpoints once; balances are right again at once, and quick again after the next checkpoint.
CREATE OR REPLACE FUNCTION ledger_checkpoint() RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
    v_upto bigint;
    v_moved int;
BEGIN
    LOCK TABLE ledger_checkpoints IN SHARE ROW EXCLUSIVE MODE;
    v_upto := pg_snapshot_xmin(pg_current_snapshot())::text::bigint;
    IF EXISTS (SELECT FROM ledger_checkpoints WHERE upto > v_upto) THEN
        RAISE EXCEPTION 'checkpoints are ahead of the transaction counter: restored from a dump?'
            USING ERRCODE = 'VT004', HINT = 'DELETE FROM ledger_checkpoints';
    END IF;
    INSERT INTO ledger_checkpoints (account_id, upto, amount)
    SELECT a.id, v_upto, coalesce(k.amount, 0) + a.sign * (tail.credits - tail.debits)
    FROM ledger_accounts a
    LEFT JOIN ledger_checkpoints k ON k.account_id = a.id
    CROSS JOIN LATERAL (
        SELECT
            coalesce((SELECT sum(t.amount) FROM ledger_transfers t
                WHERE t.credit_id = a.id AND t.xid >= coalesce(k.upto, 0) AND t.xid < v_upto), 0) AS credits,
            coalesce((SELECT sum(t.amount) FROM ledger_transfers t
                WHERE t.debit_id = a.id AND t.xid >= coalesce(k.upto, 0) AND t.xid < v_upto), 0) AS debits
    ) tail
    WHERE a.hot AND (tail.credits > 0 OR tail.debits > 0)
    ON CONFLICT (account_id) DO UPDATE
    SET upto = EXCLUDED.upto, amount = EXCLUDED.amount, taken_at = clock_timestamp();
    GET DIAGNOSTICS v_moved = ROW_COUNT;
    RETURN v_moved;
END $$;


-- Nothing that was written is ever changed, by anybody: mistakes are corrected by adding.
CREATE OR REPLACE FUNCTION ledger_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% of % refused: the ledger is corrected by adding', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'VT002';
END $$;

CREATE OR REPLACE TRIGGER ledger_keep BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_accounts
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse();
CREATE OR REPLACE TRIGGER ledger_keep BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_postings
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse();
CREATE OR REPLACE TRIGGER ledger_keep BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_transfers
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse();
-- Balance rows move with every posting; an UPDATE by hand is kept out by privileges and found by the self-check.
CREATE OR REPLACE TRIGGER ledger_keep BEFORE DELETE OR TRUNCATE ON ledger_balances
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse();


-- Who may write: nobody but the owner of these functions, unless told so by ledger_admit.
REVOKE ALL ON FUNCTION ledger_post, ledger_open, ledger_lock, ledger_checkpoint FROM PUBLIC;
-- Who may post is said by ledger_admit, in blocks.sql.
