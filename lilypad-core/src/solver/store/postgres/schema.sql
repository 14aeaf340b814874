-- Version 1.
create table owner (only_row int primary key check (only_row = 1), line text not null);
create table leader (only_row int primary key check (only_row = 1), address text not null, key text not null);
create table command (number bigint primary key, entry text not null);
create table job (
    id text primary key,
    seq bigint not null unique,
    ended bigint,
    document text not null
);
create table event (
    job text not null references job (id) on delete cascade,
    seq bigint not null,
    event text not null,
    primary key (job, seq)
);
create table archive (
    job text not null references job (id) on delete cascade,
    part text not null,
    bytes bytea not null,
    primary key (job, part)
);
create table nonce (signer text not null, nonce text not null, until bigint not null, primary key (signer, nonce));
create index nonce_until on nonce (until);
create table spending (id bytea primary key, spent text not null, expires bigint not null);

-- All changes of a commit in one call, in their order: one round trip.
create function apply_changes(kinds text[], names text[], parts text[], numbers bigint[], others bigint[], texts text[], blobs bytea[])
returns void language plpgsql as $$
declare w record;
begin
    for w in
        select * from unnest(kinds, names, parts, numbers, others, texts, blobs) with ordinality
            as t (kind, name, part, number, other, body, bytes, place)
        order by place
    loop
        case w.kind
        when 'job' then
            insert into job values (w.name, w.number, w.other, w.body)
                on conflict (id) do update set seq = excluded.seq, ended = excluded.ended, document = excluded.document;
        when 'event' then insert into event values (w.name, w.number, w.body);
        when 'archive' then
            insert into archive values (w.name, w.part, w.bytes)
                on conflict (job, part) do update set bytes = excluded.bytes;
        when 'forget job' then delete from job where id = w.name;
        when 'command' then insert into command values (w.number, w.body);
        when 'nonce' then
            insert into nonce values (w.name, w.part, w.number)
                on conflict (signer, nonce) do update set until = excluded.until;
        when 'forget nonces' then delete from nonce where until <= w.number;
        when 'grant' then
            insert into spending values (w.bytes, w.body, w.number)
                on conflict (id) do update set spent = excluded.spent, expires = excluded.expires;
        when 'forget grants' then delete from spending where expires <= w.number;
        when 'owner' then
            insert into owner values (1, w.body) on conflict (only_row) do update set line = excluded.line;
        end case;
    end loop;
end
$$;
