-- Mail in parts, one for each domain of its recipients.
--
-- A split submission's row stays `unknown`, with its content: a program that knows of no parts says so of it, and leaves it
-- alone. Its parts end it. While something of it waits or is in hand, it has changed in a far future: no sweep drops it.

-- split is 0: whole; 1: in parts; 2: its parts have ended it. shown is what its parts come to, until they end it.
alter table smsp_outbox add split smallint not null default 0, add shown smallint,
    -- Has a provider taken it for recipients that are in no part?
    add has_taken_some boolean not null default false,
    -- The part whose end has ended it, and whose repeat alone may say so again.
    add ended_by bigint;
create index smsp_outbox_shown on smsp_outbox (caller, shown, accepted_at desc) where split = 1;
-- Mail in doubt that is not in parts: all that is has the state of it.
create index smsp_outbox_in_doubt on smsp_outbox (caller, accepted_at desc) where state = 3 and split <> 1;
create index smsp_outbox_shown_wanted on smsp_outbox (shown, wanted_at) where split = 1;

-- A program that knows of no parts may think that it can settle or send such a row.
create function smsp_outbox_split() returns trigger language plpgsql as $$ begin
    return null;
end $$;
create trigger smsp_outbox_split before update of state on smsp_outbox for each row
    when (old.split = 1 and new.split = 1 and (new.state <> old.state or new.owner is not null))
    execute function smsp_outbox_split();

-- Nor does it drop the content of one, as it does before it settles a row.
create function smsp_outbox_split_content() returns trigger language plpgsql as $$ begin
    if exists (select from smsp_outbox o join smsp_submission s using (row_id)
            where o.row_id = old.row_id and o.split = 1 and not o.erased) then
        return null;
    end if;
    if tg_op = 'DELETE' then
        return old;
    end if;
    return new;
end $$;
create trigger smsp_outbox_split_key before update of content_key on smsp_submission for each row
    when (old.content_key is not null and new.content_key is null) execute function smsp_outbox_split_content();
create trigger smsp_outbox_split_content before delete on smsp_content for each row
    execute function smsp_outbox_split_content();

-- What has ended is kept for days. Counted anew after a share of that has changed, a queue would have been sent before the
-- planner hears of it.
alter table smsp_outbox set (autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 10000);

create table smsp_part (
    part bigint generated always as identity primary key,
    row_id bigint not null references smsp_outbox on delete cascade,
    -- Stands for the domain.
    domain bytea not null,
    -- The recipients' places.
    places text not null,
    lane smallint not null,
    -- Of its mail.
    accepted_at bigint not null,
    state smallint not null default 0,
    due bigint not null,
    expires_at bigint not null,
    attempts integer not null default 0,
    losses integer not null default 0,
    fence bigint not null default 0,
    owner uuid,
    -- The call that took it last.
    claim uuid,
    possible_duplicate boolean not null default false,
    verdicts text
) with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000,
    autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 10000);
create index smsp_part_row on smsp_part (row_id);
create index smsp_part_queue on smsp_part (domain, lane, due, part) where state = 0;
-- Written so that no claim is planned by it.
create index smsp_part_oldest on smsp_part (domain, accepted_at) where state + 0 = 0;
-- Written so that what looks for lost parts is planned by no other one.
create index smsp_part_lost on smsp_part (due, part) where state + 0 = 0 and losses > 0;
create index smsp_part_owner on smsp_part (owner, domain) where state in (1, 2);
-- Parts that were parked with an older copy, the oldest first.
create index smsp_part_parked on smsp_part (part) where state = 4;
create index smsp_part_expiry on smsp_part (expires_at) where state in (0, 4);
-- What is parked where an older copy is accepted, each step behind those before.
create index smsp_part_open on smsp_part (part) where state < 5 and (state in (0, 1, 2) or not possible_duplicate);

create table smsp_part_attempt (
    part bigint not null references smsp_part on delete cascade,
    fence bigint not null,
    at bigint not null,
    took bigint,
    outcome text,
    reason text,
    code text,
    late boolean not null default false,
    primary key (part, fence)
);

-- An older copy that such a program accepts: of the parts that are in it some may have been sent after it was made. A program
-- that knows of parts has parked them all before that.
create function smsp_part_copy() returns trigger language plpgsql as $$ begin
    update smsp_outbox o set possible_duplicate = true, shown = case when p.is_in_doubt then 3 else 4 end,
        changed_at = case when p.waits then o.changed_at else least(o.changed_at, smsp_now()) end
    from (select row_id, bool_or(state in (2, 3)) as is_in_doubt, bool_or(state in (0, 1, 4)) as waits
        from smsp_part where state < 5 and row_id <= old.last_row group by row_id
        having bool_or(state in (0, 1, 2) or not possible_duplicate)) p
    where o.row_id = p.row_id and o.split = 1;
    update smsp_part set state = case when state in (2, 3) then 3 else 4 end, owner = null, possible_duplicate = true
    where state < 5 and (state in (0, 1, 2) or not possible_duplicate) and row_id <= old.last_row;
    return null;
end $$;
create trigger smsp_part_copy after update of epochs on smsp_control for each row when (new.epochs <> old.epochs)
    execute function smsp_part_copy();

-- Such a program erases a mail without a look at its parts. What waits of them is not sent; the sweep brings the mail there.
-- Whichever program erases it, names of servers go with it: they tell of the recipients' domains.
create function smsp_part_erased() returns trigger language plpgsql as $$ begin
    update smsp_part set state = 8, owner = null where row_id = new.row_id and state in (0, 1, 4);
    update smsp_part set verdicts = (
        select jsonb_agg(jsonb_set(verdict, '{5}', 'null') order by nth)::text
        from jsonb_array_elements(verdicts::jsonb) with ordinality told (verdict, nth))
    where row_id = new.row_id and verdicts is not null;
    return null;
end $$;
create trigger smsp_part_erased after update of erased on smsp_outbox for each row
    when (new.erased and not old.erased and new.split > 0) execute function smsp_part_erased();
create index smsp_outbox_erased on smsp_outbox (row_id) where split = 1 and erased and shown in (0, 1, 4);

-- Domains of which parts wait, and those that are closed.
create table smsp_domain (
    hmac bytea primary key,
    -- When a claim looks at it next. Never after the first part that may be claimed is due.
    turn bigint not null,
    closed_until bigint not null default 0
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);
create index smsp_domain_turn on smsp_domain (turn, hmac);

-- A split row counts for what its parts come to.
create function smsp_count_place(split smallint, state smallint, route_set text, upstream text) returns text
    language sql immutable parallel safe
    return case when split = 0 and state in (0, 1, 4) then route_set else coalesce(upstream, '') end;
create or replace function smsp_count_added() returns trigger language plpgsql as $$ begin
    insert into smsp_change
    select caller, coalesce(shown, state), smsp_count_place(split, state, route_set, upstream), count(*),
        count(*) filter (where state < 5 and not erased), coalesce(sum(size) filter (where state < 5 and not erased), 0)
    from added group by 1, 2, 3;
    return null;
end $$;
create or replace function smsp_count_gone() returns trigger language plpgsql as $$ begin
    insert into smsp_change
    select caller, coalesce(shown, state), smsp_count_place(split, state, route_set, upstream), -count(*),
        -count(*) filter (where state < 5 and not erased), -coalesce(sum(size) filter (where state < 5 and not erased), 0)
    from gone group by 1, 2, 3;
    return null;
end $$;

-- Rows of each set that were lost with their nodes. A program that knows of no parts finds them by smsp_outbox_lost. Written
-- so that what looks for them is planned by no other index.
create index smsp_outbox_lost_of on smsp_outbox (route_set, due, row_id) where state + 0 = 0 and losses > 0;
