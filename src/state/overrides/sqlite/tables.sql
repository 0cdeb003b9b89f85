-- What holds for the circuit of each upstream that was ever ordered something, and how often it was reset.
create table circuit_order (
    upstream text not null primary key,
    -- Nil: nothing but resets was ordered.
    id blob not null default (zeroblob(16)),
    override text not null default 'auto' check (override in ('auto', 'open', 'closed')),
    ends_at integer,
    who text not null default '',
    at integer not null default 0,
    resets integer not null default 0
) strict, without rowid;
