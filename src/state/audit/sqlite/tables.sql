-- Who has ordered what. A number is never given twice: pages begin behind one.
create table audit (
    number integer primary key autoincrement,
    id blob not null unique,
    at integer not null,
    node text not null,
    who text not null,
    peer text,
    change text not null
) strict;
