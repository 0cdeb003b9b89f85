
-- Bounces: what tells the sender of a mail whom it does not reach.

-- Has its sender an address for them?
alter table envelope add bounces integer not null default 0;
-- When the next one is due. Not null: recipients are refused, or their time is over, and the sender is not told of them.
alter table envelope add bounce_due integer;
create index envelope_bounce on envelope (bounce_due) where bounce_due is not null and erased = 0;
-- Is the sender told of its recipients?
alter table part add bounced integer not null default 0;

-- What is due in an older copy may have been told after it was made.
create trigger bounce_copy after update of epoch on control when new.epoch <> old.epoch begin
    update part set bounced = 1 where envelope in (select id from envelope
        where bounce_due is not null and erased = 0 and id <= coalesce(old.last_row, id));
    update envelope set bounce_due = null
    where bounce_due is not null and erased = 0 and id <= coalesce(old.last_row, id);
end;
