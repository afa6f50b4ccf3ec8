-- The chain of hash blocks: what was posted, sealed some time after it was posted, so that nobody waits for the chain.
-- A block covers the postings of the transactions [from_xid, upto_xid), all of which have ended, with their legs and
-- the names of the accounts these moved money between. Idempotent, as schema.sql.

-- The digest of one range: sha256 of the block before, the bounds, and one sha256 per posting in order.
-- Columns are named, and written under fixed settings: a column added later, or another time zone, changes no hash.
CREATE OR REPLACE FUNCTION ledger_digest(p_prev bytea, p_from bigint, p_upto bigint, OUT postings bigint, OUT hash bytea)
LANGUAGE sql STABLE
SET search_path = pg_catalog, public, pg_temp
SET "TimeZone" = 'UTC'
SET "DateStyle" = 'ISO'
SET bytea_output = 'hex'
AS $$
    SELECT count(*), sha256(p_prev || convert_to(format('%s %s', p_from, p_upto), 'UTF8')
        || coalesce(string_agg(sha256(convert_to(ROW (p.id, p.kind, p.idem_key, p.req_hash, p.currency, p.source_type,
            p.source_id, p.by_person, p.by_party, p.external_ref, p.effective_at, p.created_at, p.xid, l.legs)::text,
            'UTF8')), ''::bytea ORDER BY p.id), ''::bytea))
    FROM ledger_postings p
    CROSS JOIN LATERAL (
        SELECT array_agg(ROW (t.leg, t.amount, t.xid, d.kind, d.owner_id, d.currency, c.kind, c.owner_id, c.currency)::text
            ORDER BY t.leg) AS legs
        FROM ledger_transfers t
        LEFT JOIN ledger_accounts d ON d.id = t.debit_id
        LEFT JOIN ledger_accounts c ON c.id = t.credit_id
        WHERE t.posting_id = p.id
    ) l
    WHERE p.xid >= p_from AND p.xid < p_upto;
$$;


-- Seal what was posted since the last block; returns the number of the new block, NULL when nothing was posted.
-- The bound is a checkpoint's: every transaction below it has ended, and none can begin there later.
CREATE OR REPLACE FUNCTION ledger_seal() RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
    v_last ledger_blocks;
    v_upto bigint;
    v_made record;
BEGIN
    LOCK TABLE ledger_blocks IN SHARE ROW EXCLUSIVE MODE;
    v_upto := pg_snapshot_xmin(pg_current_snapshot())::text::bigint;
    SELECT * INTO v_last FROM ledger_blocks ORDER BY n DESC LIMIT 1;
    IF v_last.upto_xid > v_upto THEN
        RAISE EXCEPTION 'blocks are ahead of the transaction counter: restored from a dump?' USING ERRCODE = 'VT004',
            HINT = 'restore a physical backup, or move the counter past the last block with pg_resetwal -x';
    END IF;
    SELECT * INTO v_made FROM ledger_digest(
        coalesce(v_last.hash, sha256('')), coalesce(v_last.upto_xid, 0), v_upto);
    IF v_made.postings = 0 THEN
        RETURN NULL;
    END IF;
    INSERT INTO ledger_blocks (n, from_xid, upto_xid, postings, prev, hash)
    VALUES (coalesce(v_last.n, 0) + 1, coalesce(v_last.upto_xid, 0), v_upto, v_made.postings,
        coalesce(v_last.hash, sha256('')), v_made.hash);
    RETURN coalesce(v_last.n, 0) + 1;
END $$;


-- The blocks that are not what was sealed, in words.
CREATE OR REPLACE FUNCTION ledger_broken_blocks() RETURNS SETOF text
LANGUAGE sql STABLE
SET search_path = pg_catalog, public, pg_temp
AS $$
    SELECT format('block %s, sealed %s UTC: ', b.n, to_char(b.sealed_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI')) || CASE
        WHEN b.n <> b.place THEN 'the block before it is missing'
        WHEN b.prev <> b.hash_before OR b.from_xid <> b.upto_before THEN 'it does not follow from the block before it'
        WHEN now.postings <> b.postings THEN format('%s postings were sealed, %s are there', b.postings, now.postings)
        ELSE 'a posting, a leg or an account in it was edited, or the block itself' END
    FROM (
        SELECT *, coalesce(lag(n) OVER w, 0) + 1 AS place, coalesce(lag(hash) OVER w, sha256('')) AS hash_before,
            coalesce(lag(upto_xid) OVER w, 0) AS upto_before
        FROM ledger_blocks WINDOW w AS (ORDER BY n)
    ) b
    CROSS JOIN LATERAL ledger_digest(b.prev, b.from_xid, b.upto_xid) now
    WHERE b.n <> b.place OR b.prev <> b.hash_before OR b.from_xid <> b.upto_before
        OR now.postings <> b.postings OR now.hash <> b.hash
    ORDER BY b.n;
$$;


CREATE OR REPLACE TRIGGER ledger_keep BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_blocks
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse();

REVOKE ALL ON FUNCTION ledger_seal FROM PUBLIC;

-- Let a role read the ledger and post to it, and nothing else.
CREATE OR REPLACE FUNCTION ledger_admit(p_role regrole) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    v_tables text := (SELECT string_agg(oid::regclass::text, ', ') FROM pg_class
        WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND relname LIKE 'ledger\_%');
BEGIN
    EXECUTE format('REVOKE ALL ON %s FROM %s', v_tables, p_role);
    EXECUTE format('GRANT SELECT ON %s TO %s', v_tables, p_role);
    EXECUTE format('GRANT EXECUTE ON FUNCTION ledger_post, ledger_lock, ledger_checkpoint, ledger_seal TO %s', p_role);
END $$;
REVOKE ALL ON FUNCTION ledger_admit FROM PUBLIC;
