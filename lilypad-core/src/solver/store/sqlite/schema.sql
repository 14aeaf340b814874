-- Version 1.
create table owner (only_row integer primary key check (only_row = 1), line text not null) strict;
create table command (number integer primary key, entry text not null) strict;
create table job (
    id text primary key,
    seq integer not null unique,
    ended integer,
    document text not null
) strict, without rowid;
create table event (
    job text not null references job (id) on delete cascade,
    seq integer not null,
    event text not null,
    primary key (job, seq)
) strict, without rowid;
create table archive (
    job text not null references job (id) on delete cascade,
    part text not null,
    bytes blob not null,
    primary key (job, part)
) strict;
create table nonce (signer text not null, nonce text not null, until integer not null, primary key (signer, nonce))
    strict, without rowid;
create index nonce_until on nonce (until);
create table spending (id blob primary key, spent text not null, expires integer not null) strict, without rowid;
