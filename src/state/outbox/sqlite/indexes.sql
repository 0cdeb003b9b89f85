-- What is looked for among many rows, and is rarely there.

-- Rows that were lost with their nodes: each is claimed alone.
create index envelope_lost on envelope (due) where state = 0 and losses > 0;
-- Rows that were parked with an older copy, the oldest first: operators release some at a time.
create index envelope_parked on envelope (listed_at) where state = 4;
