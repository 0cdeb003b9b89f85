-- How many rows there are of each state, without a look at all rows.
--
-- Kept by triggers, so that no statement can forget it. A row that waits counts for its set of upstreams, any other for the
-- upstream that it was handed over to last; 0 and '' where there is none. Bytes are those of contents that are there.
create table tally (
    state integer not null,
    route_set integer not null,
    upstream text not null,
    rows integer not null,
    bytes integer not null,
    primary key (state, route_set, upstream)
) strict, without rowid;

create view placed as
    select e.id, e.state, iif(e.state in (0, 1, 4), e.route_set, 0) as route_set,
        iif(e.state in (0, 1, 4), '', coalesce(e.upstream, '')) as upstream, iif(s.content_key is null, 0, s.size) as bytes
    from envelope e join submission s on s.id = e.id;

create trigger tally_inserted after insert on envelope begin
    insert into tally (state, route_set, upstream, rows, bytes)
    select state, route_set, upstream, 1, bytes from placed where id = new.id
    on conflict do update set rows = rows + 1, bytes = bytes + excluded.bytes;
end;
create trigger tally_moved after update of state, route_set, upstream on envelope
when old.state <> new.state or old.route_set <> new.route_set or old.upstream is not new.upstream begin
    update tally set rows = rows - 1, bytes = bytes - (select bytes from placed where id = new.id)
    where state = old.state and route_set = iif(old.state in (0, 1, 4), old.route_set, 0)
        and upstream = iif(old.state in (0, 1, 4), '', coalesce(old.upstream, ''));
    insert into tally (state, route_set, upstream, rows, bytes)
    select state, route_set, upstream, 1, bytes from placed where id = new.id
    on conflict do update set rows = rows + 1, bytes = bytes + excluded.bytes;
end;
create trigger tally_emptied after update of content_key on submission
when old.content_key is not null and new.content_key is null begin
    update tally set bytes = bytes - old.size
    where (state, route_set, upstream) = (select state, route_set, upstream from placed where id = old.id);
end;
create trigger tally_dropped before delete on submission begin
    update tally set rows = rows - 1, bytes = bytes - iif(old.content_key is null, 0, old.size)
    where (state, route_set, upstream) = (select state, route_set, upstream from placed where id = old.id);
end;
