-- What is looked for among many rows, and is rarely there.

-- Rows that were lost with their nodes: each is claimed alone.
create index envelope_lost on envelope (due) where state = 0 and losses > 0;
