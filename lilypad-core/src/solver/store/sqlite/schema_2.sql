-- Version 2: jobs that ended and of which nothing else is known any more.
create table ended (id text primary key, created integer not null) strict, without rowid;
create index ended_created on ended (created);
