-- Tables of the outbox. Times are milliseconds since 1970; states and lanes are places in the lists of the code.

create table caller (
    id integer primary key,
    name text not null unique,
    -- What its submissions take that still have their content.
    held integer not null default 0,
    bytes integer not null default 0
) strict;

create table route_set (
    id integer primary key,
    names text not null unique
) strict;

-- What stays as it was accepted. A number is never given twice: an old hold must not fit a new row.
create table submission (
    id integer primary key autoincrement,
    uuid blob not null unique,
    caller integer not null references caller,
    idem blob,
    from_domain text not null,
    accepted_at integer not null,
    send_at integer not null,
    expires_at integer not null,
    size integer not null,
    key_id text not null,
    -- Without its key a content is erased, in every copy of the database.
    content_key blob,
    recipients_key blob,
    recipients blob
) strict;
create unique index submission_idem on submission (caller, idem) where idem is not null;
create index submission_listed on submission (caller, accepted_at, uuid);

-- The parts of a content: submission * 4096 + part.
create table content (
    id integer primary key,
    bytes blob not null
) strict;

-- What changes on the way; one for each submission, by its number.
create table envelope (
    id integer primary key references submission on delete cascade,
    caller integer not null,
    route_set integer not null references route_set,
    rules integer not null,
    lane integer not null,
    state integer not null default 0,
    due integer not null,
    expires_at integer not null,
    attempts integer not null default 0,
    losses integer not null default 0,
    fence integer not null default 0,
    owner blob,
    -- The call that took it last.
    claim blob,
    upstream text,
    marked_at integer,
    replay_until integer,
    -- Is an earlier hand-over still unsettled, so that this one is a replay?
    replayed integer not null default 0,
    possible_duplicate integer not null default 0,
    erased integer not null default 0,
    recipient_verdicts text,
    -- When it ended or became unknown.
    settled_at integer,
    -- When it was accepted.
    listed_at integer,
    -- When it was to be sent, whatever came between.
    wanted_at integer
) strict;
create index envelope_queue on envelope (route_set, lane, caller, due) where state = 0;
-- Rows that other rules have filed: looked for again and again, found almost never.
create index envelope_rules on envelope (rules) where state = 0;
create index envelope_owner on envelope (owner) where state in (1, 2);
create index envelope_replay on envelope (upstream, due) where state = 3;
create index envelope_expires on envelope (expires_at) where state in (0, 4);
create index envelope_settled on envelope (settled_at) where settled_at is not null;
-- A caller's mail of one state is listed without a look at the rest of its mail. Rows in hand are few, and found by their
-- owner.
create index envelope_listed on envelope (caller, state, listed_at) where state not in (1, 2);
create index envelope_waiting on envelope (state, route_set, wanted_at) where state in (0, 4);
create index envelope_doubt on envelope (upstream, wanted_at) where state = 3;

create table attempt (
    envelope integer not null references envelope on delete cascade,
    n integer not null,
    fence integer not null,
    upstream text not null,
    at integer not null,
    took integer,
    outcome text,
    reason text,
    code text,
    provider_message_id text,
    late integer not null default 0,
    primary key (envelope, n)
) strict, without rowid;

create table address (
    submission integer not null references submission on delete cascade,
    hmac blob not null,
    primary key (submission, hmac)
) strict, without rowid;
create index address_hmac on address (hmac);

create table node (
    id blob not null primary key,
    seen_at integer not null
) strict, without rowid;

create table control (
    one integer primary key check (one = 1),
    paused integer not null,
    epoch blob not null,
    -- Hand-overs that were marked. Goes up with each of them, and so never down but in an older copy.
    marks integer not null default 0,
    -- The file that this database is in, by what the file system says of it.
    place text,
    -- Not null: this is an older copy. Marks that are missing; 0: it has not come to an epoch that was remembered.
    lost integer,
    -- The last row when that was found: newer ones were not in the copy.
    last_row integer
) strict;
insert into control (one, paused, epoch) values (1, 0, randomblob(16));

-- Who has ordered what.
create table noted (
    id integer primary key autoincrement,
    at integer not null,
    who text not null,
    peer text,
    what text not null
) strict;
