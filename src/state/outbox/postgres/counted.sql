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

-- When it was to be sent, whatever came between: for the age of the oldest row.
alter table smsp_outbox add column wanted_at bigint;
update smsp_outbox o set wanted_at = s.send_at from smsp_submission s where s.row_id = o.row_id and o.state < 5;
create index smsp_outbox_waiting on smsp_outbox (state, route_set, wanted_at) where state in (0, 4);
create index smsp_outbox_doubt on smsp_outbox (upstream, wanted_at) where state = 3;
-- The version before does not know the column. A new row is due when it is to be sent.
create function smsp_wanted_at() returns trigger language plpgsql as $$ begin
    new.wanted_at := new.due;
    return new;
end $$;
create trigger smsp_outbox_wanted_at before insert on smsp_outbox for each row when (new.wanted_at is null)
    execute function smsp_wanted_at();

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

insert into smsp_count
select caller, state, smsp_place(state, route_set, upstream), count(*), count(*) filter (where state < 5 and not erased),
    coalesce(sum(size) filter (where state < 5 and not erased), 0)
from smsp_outbox group by 1, 2, 3;
