-- Milliseconds since 1970 by the database's clock: as the outbox has it, for a database without one.
create or replace function smsp_now() returns bigint language sql stable parallel safe
    return floor(extract(epoch from now()) * 1000)::bigint;

-- Who has ordered what.
create table smsp_audit (
    number bigint generated always as identity primary key,
    id uuid not null unique,
    at bigint not null,
    node text not null,
    who text not null,
    peer text,
    change text not null
);
