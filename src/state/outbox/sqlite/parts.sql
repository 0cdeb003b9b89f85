-- Mail in parts, one for each domain of its recipients.
--
-- A split submission's row stays `unknown`, with its content: a program that knows of no parts says so of it, and leaves it
-- alone. Its parts end it.

-- 0: whole; 1: in parts; 2: its parts have ended it.
alter table envelope add split integer not null default 0;
-- What its parts come to, until they end it.
alter table envelope add shown integer;
-- Has a provider taken it for recipients that are in no part?
alter table envelope add has_taken_some integer not null default 0;
-- The part whose end has ended it, and whose repeat alone may say so again.
alter table envelope add ended_by integer;
create index envelope_shown on envelope (caller, shown, listed_at) where split = 1;
-- Mail in doubt that is not in parts: all that is has the state of it.
create index envelope_in_doubt on envelope (caller, listed_at) where state = 3 and split <> 1;
create index envelope_shown_wanted on envelope (shown, wanted_at) where split = 1;

-- A program that knows of no parts may think that it can settle or send such a row.
create trigger envelope_split before update of state on envelope
when old.split = 1 and new.split = 1 and (new.state <> old.state or new.owner is not null) begin
    select raise(ignore);
end;

create table part (
    id integer primary key autoincrement,
    envelope integer not null references envelope on delete cascade,
    -- Stands for the domain.
    domain blob not null,
    -- The recipients' places.
    places text not null,
    lane integer not null,
    -- Of its mail.
    accepted_at integer not null,
    state integer not null default 0,
    due integer not null,
    expires_at integer not null,
    attempts integer not null default 0,
    losses integer not null default 0,
    fence integer not null default 0,
    owner blob,
    -- The call that took it last.
    claim blob,
    possible_duplicate integer not null default 0,
    verdicts text
) strict;
create index part_envelope on part (envelope);
create index part_queue on part (domain, lane, due) where state = 0;
create index part_oldest on part (domain, accepted_at) where state = 0;
create index part_lost on part (due) where state = 0 and losses > 0;
create index part_owner on part (owner) where state in (1, 2);
-- Parts that were parked with an older copy, the oldest first.
create index part_parked on part (id) where state = 4;
create index part_expires on part (expires_at) where state in (0, 4);

create table part_attempt (
    part integer not null references part on delete cascade,
    fence integer not null,
    at integer not null,
    took integer,
    outcome text,
    reason text,
    code text,
    late integer not null default 0,
    primary key (part, fence)
) strict, without rowid;

-- An older copy that such a program accepts: of the parts that are in it some may have been sent after it was made. A program
-- that knows of parts has parked them all before that.
create trigger part_copy after update of epoch on control when new.epoch <> old.epoch begin
    update envelope set possible_duplicate = 1,
        shown = iif(exists (select 1 from part p where p.envelope = envelope.id and p.state in (2, 3)), 3, 4),
        settled_at = iif(exists (select 1 from part p where p.envelope = envelope.id and p.state in (0, 1, 4)), null,
            coalesce(settled_at, cast((julianday('now') - 2440587.5) * 86400000 as integer)))
    where split = 1 and id in (select envelope from part where envelope <= old.last_row
        and (state in (0, 1, 2) or state in (3, 4) and possible_duplicate = 0));
    update part set state = iif(state in (2, 3), 3, 4), owner = null, possible_duplicate = 1
    where envelope <= old.last_row and (state in (0, 1, 2) or state in (3, 4) and possible_duplicate = 0);
end;

-- Such a program erases a mail without a look at its parts. What waits of them is not sent; the sweep brings the mail there.
-- Whichever program erases it, names of servers go with it: they tell of the recipients' domains.
create trigger part_erased after update of erased on envelope when new.erased and not old.erased and new.split > 0 begin
    update part set state = 8, owner = null where envelope = new.id and state in (0, 1, 4);
    update part set verdicts = (select json_group_array(json_set(value, '$[5]', null)) from json_each(part.verdicts))
    where envelope = new.id and verdicts is not null;
end;
create index envelope_erased on envelope (id) where split = 1 and erased and shown in (0, 1, 4);

-- Domains of which parts wait, and those that are closed.
create table domain (
    hmac blob not null primary key,
    -- When a claim looks at it next. Never after the first part that may be claimed is due.
    turn integer not null,
    closed_until integer not null default 0
) strict, without rowid;
create index domain_turn on domain (turn);

-- A split row counts for what its parts come to.
drop view placed;
create view placed as
    select e.id, coalesce(e.shown, e.state) as state, iif(e.split = 0 and e.state in (0, 1, 4), e.route_set, 0) as route_set,
        iif(e.split = 0 and e.state in (0, 1, 4), '', coalesce(e.upstream, '')) as upstream,
        iif(s.content_key is null, 0, s.size) as bytes
    from envelope e join submission s on s.id = e.id;
drop trigger tally_moved;
create trigger tally_moved after update of state, route_set, upstream, shown, split on envelope
when old.state <> new.state or old.route_set <> new.route_set or old.upstream is not new.upstream
    or old.shown is not new.shown or old.split <> new.split begin
    update tally set rows = rows - 1, bytes = bytes - (select bytes from placed where id = new.id)
    where state = coalesce(old.shown, old.state)
        and route_set = iif(old.split = 0 and old.state in (0, 1, 4), old.route_set, 0)
        and upstream = iif(old.split = 0 and old.state in (0, 1, 4), '', coalesce(old.upstream, ''));
    insert into tally (state, route_set, upstream, rows, bytes)
    select state, route_set, upstream, 1, bytes from placed where id = new.id
    on conflict do update set rows = rows + 1, bytes = bytes + excluded.bytes;
end;
