-- A caller's mail of one state is listed without a look at the rest of its mail. Rows in hand are few, and found by their
-- owner.
-- What is still to come needs this lock. Without it now, an accept that has read the table would hold up the index's end.
lock table smsp_outbox in access exclusive mode;
create index smsp_outbox_listed on smsp_outbox (caller, state, accepted_at desc) where state not in (1, 2);
