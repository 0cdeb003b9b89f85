-- What is looked for among many rows, and is rarely there.

-- Rows that were lost with their nodes: each is claimed alone.
create index smsp_outbox_lost on smsp_outbox (due, row_id) where state = 0 and losses > 0;
