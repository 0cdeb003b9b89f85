-- A caller's mail of one state is listed without a look at the rest of its mail. Rows in hand are few, and found by their
-- owner.
create index smsp_outbox_listed on smsp_outbox (caller, state, accepted_at desc) where state not in (1, 2);
