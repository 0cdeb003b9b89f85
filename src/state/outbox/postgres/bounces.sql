
-- Bounces: what tells the sender of a mail whom it does not reach.

-- bounces: has its sender an address for them? bounce_due: when the next one is due. Not null: recipients are refused, or
-- their time is over, and the sender is not told of them.
alter table smsp_outbox add bounces boolean not null default false, add bounce_due bigint;
create index smsp_outbox_bounce on smsp_outbox (bounce_due) where bounce_due is not null and not erased;
-- Is the sender told of its recipients?
alter table smsp_part add bounced boolean not null default false;

-- What is due in an older copy may have been told after it was made.
create function smsp_bounce_copy() returns trigger language plpgsql as $$ begin
    update smsp_part set bounced = true where row_id in (select row_id from smsp_outbox
        where bounce_due is not null and not erased and row_id <= coalesce(old.last_row, row_id));
    update smsp_outbox set bounce_due = null
    where bounce_due is not null and not erased and row_id <= coalesce(old.last_row, row_id);
    return null;
end $$;
create trigger smsp_bounce_copy after update of epochs on smsp_control for each row when (new.epochs <> old.epochs)
    execute function smsp_bounce_copy();
