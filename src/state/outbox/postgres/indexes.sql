-- What is looked for among many rows, and is rarely there.

-- Rows that were lost with their nodes: each is claimed alone.
create index smsp_outbox_lost on smsp_outbox (due, row_id) where state = 0 and losses > 0;
-- Rows that were parked with an older copy, the oldest first: operators release some at a time.
create index smsp_outbox_parked on smsp_outbox (accepted_at, row_id) where state = 4;
-- Rows of one key. Content and recipients of a row have the same one, and the content goes first: so a change of the row that
-- drops its content touches no index.
create index smsp_submission_key on smsp_submission (recipients_key_id);
