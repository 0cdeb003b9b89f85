-- The time, which all nodes share: that of the database, in milliseconds since 1970.
create function smsp_answers_now() returns bigint language sql stable parallel safe
    return floor(extract(epoch from now()) * 1000)::bigint;

-- What is known of mails with a key, and of those without one that ended unknown.
create table smsp_answer (
    id uuid not null,
    key bytea unique,
    caller text not null,
    -- The call that has it, and the one whose answer is kept while that asks again.
    number uuid not null,
    former uuid,
    -- 0: in flight, 1: queued, 2: accepted, 3: unknown.
    state smallint not null,
    lease_until bigint,
    ended_at bigint,
    expires_at bigint not null,
    key_id text,
    sealed_key bytea,
    sealed bytea
);
create index smsp_answer_id on smsp_answer (id);
create index smsp_answer_over on smsp_answer (expires_at);
-- One key of the store has few answers of its own once it was replaced.
create index smsp_answer_key_id on smsp_answer (key_id) where key_id is not null;
