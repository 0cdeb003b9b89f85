-- What is known of mails with a key, and of those without one that ended unknown.
create table answer (
    id blob not null,
    key blob unique,
    caller text not null,
    -- The call that has it, and the one whose answer is kept while that asks again.
    number blob not null,
    former blob,
    -- 0: in flight, 1: queued, 2: accepted, 3: unknown.
    state integer not null,
    lease_until integer,
    ended_at integer,
    expires_at integer not null,
    key_id text,
    sealed_key blob,
    sealed blob
) strict;
create index answer_id on answer (id);
create index answer_over on answer (expires_at);
-- Those that a start looks for.
create index answer_in_flight on answer (state) where state = 0;
-- One key of the store has few answers of its own once it was replaced.
create index answer_key on answer (key_id) where key_id is not null;
