-- Milliseconds since 1970 by the database's clock: one time for a whole transaction, the same for all nodes.
create function smsp_now() returns bigint language sql stable parallel safe
    return floor(extract(epoch from now()) * 1000)::bigint;

-- What a submission is. Written once; parts of it are dropped, nothing else changes.
create table smsp_submission (
    row_id bigint generated always as identity primary key,
    id uuid not null unique,
    caller text not null,
    key bytea,
    from_domain text not null,
    size bigint not null,
    accepted_at bigint not null,
    send_at bigint not null,
    content_key_id text,
    content_key bytea,
    recipients_key_id text,
    recipients_key bytea,
    recipients bytea,
    recipient_verdicts text,
    unique (caller, key)
);
create index smsp_submission_list on smsp_submission (caller, accepted_at desc, id desc);

create table smsp_content (
    row_id bigint not null references smsp_submission on delete cascade,
    part integer not null,
    bytes bytea not null,
    primary key (row_id, part)
);
-- Sealed bytes cannot be compressed.
alter table smsp_content alter column bytes set storage external;

create table smsp_recipient (
    hmac bytea not null,
    row_id bigint not null references smsp_submission on delete cascade,
    primary key (hmac, row_id)
);
create index smsp_recipient_row on smsp_recipient (row_id);

-- Where it is. Small, because every change writes it anew; no index of it holds rows of all states.
create table smsp_outbox (
    row_id bigint primary key references smsp_submission on delete cascade,
    caller text not null,
    size bigint not null,
    accepted_at bigint not null,
    lane smallint not null,
    route_set text not null,
    rules bigint not null,
    state smallint not null default 0,
    changed_at bigint not null,
    due bigint not null,
    expires_at bigint not null,
    attempts integer not null default 0,
    losses integer not null default 0,
    fence bigint not null default 0,
    owner uuid,
    claim uuid,
    upstream text,
    replay_until bigint,
    replay_due bigint,
    is_replay boolean not null default false,
    possible_duplicate boolean not null default false,
    erased boolean not null default false,
    -- When it was to be sent, whatever came between: for the age of the oldest row.
    wanted_at bigint
) with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);
create index smsp_outbox_queue on smsp_outbox (lane, route_set, caller, due, row_id) where state = 0;
-- Rows that other rules have filed: looked for again and again, found almost never.
create index smsp_outbox_rules on smsp_outbox (rules) where state = 0;
create index smsp_outbox_expiry on smsp_outbox (expires_at) where state in (0, 4);
create index smsp_outbox_owner on smsp_outbox (owner) where state in (1, 2);
create index smsp_outbox_unknown on smsp_outbox (upstream, replay_due) where state = 3;
create index smsp_outbox_kept on smsp_outbox (changed_at) where state = 3 or state >= 5;
create index smsp_outbox_room on smsp_outbox (caller) include (size) where state < 5 and not erased;
-- A caller's mail of one state is listed without a look at the rest of its mail. Rows in hand are few, and found by their
-- owner.
create index smsp_outbox_listed on smsp_outbox (caller, state, accepted_at desc) where state not in (1, 2);
create index smsp_outbox_waiting on smsp_outbox (state, route_set, wanted_at) where state in (0, 4);
create index smsp_outbox_doubt on smsp_outbox (upstream, wanted_at) where state = 3;

create table smsp_attempt (
    number bigint generated always as identity primary key,
    row_id bigint not null references smsp_submission on delete cascade,
    fence bigint not null,
    upstream text not null,
    at bigint not null,
    took bigint,
    outcome text,
    reason text,
    code text,
    provider_message_id text,
    late boolean not null default false
);
create index smsp_attempt_row on smsp_attempt (row_id, fence);

create table smsp_node (
    node uuid primary key,
    seen_at bigint not null
);

create table smsp_control (
    single boolean primary key default true check (single),
    paused boolean not null default false,
    -- The parts of the store's life, the present one last; a new one begins when people accept a copy.
    epochs uuid[] not null default array[gen_random_uuid()],
    -- Where the database was, in the words of smsp_place(); null: nobody has looked yet.
    place text,
    -- Not null: this is an older copy. Marks that are missing; 0: it has not come to an epoch that was remembered.
    lost bigint,
    -- The last row when that was found: newer ones were not in the copy.
    last_row bigint
);
insert into smsp_control default values;

-- Hand-overs that were marked; the sum goes up with each of them, and so never down but in an older copy. Many rows, so
-- that marks do not wait for each other's COMMIT. A sequence would not do: after a failover it may be ahead of marks that
-- are lost.
create table smsp_marks (
    slot integer primary key,
    marks bigint not null default 0
) with (fillfactor = 25, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);
insert into smsp_marks (slot) select generate_series(0, 63);

-- A restored cluster, a promoted replica and a restored dump each differ in one of these: the cluster, its timeline, the
-- database, the table.
create function smsp_place() returns text language sql volatile as $$
    select format('%s/%s/%s/%s', system_identifier, left(pg_walfile_name(pg_current_wal_lsn()), 8),
        (select oid from pg_database where datname = current_database()), 'smsp_control'::regclass::oid)
    from pg_control_system()
$$;

create table smsp_noted (
    number bigint generated always as identity primary key,
    at bigint not null,
    who text not null,
    peer text,
    what text not null
);
