-- Version 2: jobs that ended and of which nothing else is known any more.
create table ended (id text primary key, created bigint not null);
create index ended_created on ended (created);

-- All changes of a commit in one call, in their order: one round trip.
create or replace function apply_changes(kinds text[], names text[], parts text[], numbers bigint[], others bigint[], texts text[], blobs bytea[])
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
        when 'ended' then
            insert into ended values (w.name, w.number) on conflict (id) do update set created = excluded.created;
        when 'forget ended' then delete from ended where created < w.number;
        when 'owner' then
            insert into owner values (1, w.body) on conflict (only_row) do update set line = excluded.line;
        end case;
    end loop;
end
$$;
