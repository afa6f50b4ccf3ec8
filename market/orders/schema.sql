-- What must hold of every row: the one CHECK of its table calls it. PostgreSQL reads a CHECK's text anew for each
-- statement that has to obey it; a function it keeps. Idempotent: run again whenever it changes.
CREATE OR REPLACE FUNCTION milestone_adds_up(
    state text, amount bigint, released bigint, returned bigint, reversed bigint,
    fee bigint, agency bigint, tax bigint, creator bigint,
    funded_at timestamptz, begun_at timestamptz, held_by uuid
) RETURNS boolean LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
    RETURN amount >= 0
        AND (begun_at IS NULL OR funded_at IS NOT NULL)
        AND (state <> 'held' OR held_by IS NOT NULL)
        AND (released = 0 OR creator IS NOT NULL)
        AND (creator IS NULL OR creator + agency + fee + tax = released)
        AND released >= 0 AND returned >= 0 AND reversed BETWEEN 0 AND released
        AND CASE state
            WHEN 'released' THEN released = amount AND returned = 0
            WHEN 'refunded' THEN released = 0 AND returned = CASE WHEN funded_at IS NULL THEN 0 ELSE amount END
            WHEN 'split' THEN released + returned = amount
            ELSE released <= amount AND returned = 0 END;
END $$;


CREATE OR REPLACE FUNCTION ending_adds_up(outcome text, released bigint, returned bigint)
RETURNS boolean LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
    RETURN CASE outcome
        WHEN 'release' THEN released >= 0 AND returned = 0
        WHEN 'refund' THEN released = 0 AND returned >= 0
        ELSE released > 0 AND returned > 0 END;
END $$;
