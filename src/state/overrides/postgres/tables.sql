-- What holds for the circuit of each upstream that was ever ordered something, and how often it was reset.
create table smsp_circuit_order (
    upstream text primary key,
    -- Nil: nothing but resets was ordered.
    id uuid not null default '00000000-0000-0000-0000-000000000000',
    override text not null default 'auto' check (override in ('auto', 'open', 'closed')),
    ends_at bigint,
    who text not null default '',
    at bigint not null default 0,
    resets bigint not null default 0
);
