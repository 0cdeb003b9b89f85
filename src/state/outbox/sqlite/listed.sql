-- Tables of the outbox, step 2: a caller's mail of one state is listed without a look at the rest of its mail.

-- When it was accepted. No name that a table has which the version before joins to this one: it names no table with it.
alter table envelope add column listed_at integer;
update envelope set listed_at = (select accepted_at from submission s where s.id = envelope.id);
-- Rows in hand are few, and found by their owner.
create index envelope_listed on envelope (caller, state, listed_at) where state not in (1, 2);

-- The version before does not know the column.
create trigger envelope_listed_at after insert on envelope when new.listed_at is null begin
    update envelope set listed_at = (select accepted_at from submission s where s.id = new.id) where id = new.id;
end;
