-- How many rows there are of each state and upstream, and what each caller takes, without a look at the rows.
--
-- Each statement that changes rows adds to smsp_change what it has changed, in its own transaction: no transaction waits for
-- another one, as it would for a row that all of them change. A sweep moves that to smsp_count. The sum of both is what the
-- rows say, at every moment. `place` is the set of upstreams of a row that waits, and else the upstream that it was handed
-- over to last. What is held is what has its content still.
create table smsp_count (
    caller text not null,
    state smallint not null,
    place text not null,
    rows bigint not null,
    held bigint not null,
    bytes bigint not null,
    primary key (caller, state, place)
);
create table smsp_change (
    caller text not null,
    state smallint not null,
    place text not null,
    rows bigint not null,
    held bigint not null,
    bytes bigint not null
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 10000);

create function smsp_place(state smallint, route_set text, upstream text) returns text language sql immutable parallel safe
    return case when state in (0, 1, 4) then route_set else coalesce(upstream, '') end;

create function smsp_count_added() returns trigger language plpgsql as $$ begin
    insert into smsp_change
    select caller, state, smsp_place(state, route_set, upstream), count(*), count(*) filter (where state < 5 and not erased),
        coalesce(sum(size) filter (where state < 5 and not erased), 0)
    from added group by 1, 2, 3;
    return null;
end $$;
create function smsp_count_gone() returns trigger language plpgsql as $$ begin
    insert into smsp_change
    select caller, state, smsp_place(state, route_set, upstream), -count(*), -count(*) filter (where state < 5 and not erased),
        -coalesce(sum(size) filter (where state < 5 and not erased), 0)
    from gone group by 1, 2, 3;
    return null;
end $$;
create trigger smsp_outbox_inserted after insert on smsp_outbox referencing new table as added
    for each statement execute function smsp_count_added();
create trigger smsp_outbox_deleted after delete on smsp_outbox referencing old table as gone
    for each statement execute function smsp_count_gone();
create trigger smsp_outbox_from after update on smsp_outbox referencing old table as gone
    for each statement execute function smsp_count_gone();
create trigger smsp_outbox_to after update on smsp_outbox referencing new table as added
    for each statement execute function smsp_count_added();
