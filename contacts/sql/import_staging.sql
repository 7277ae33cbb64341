-- The staging tables of one chunk: of this session, without WAL, empty after each commit. Made once per session. No
-- index: each is read whole. The memory is for the joins and sorts of a chunk, which otherwise go through files;
-- nobody waits for the disk, because a chunk that a crash of the server takes goes with its entry in the journal.
-- `fate`: 0, or the reason (contacts_suppression) for which the file says not to mail this person.
create temporary table if not exists contacts_staging (
    ord integer not null,
    uuid uuid not null,
    address varchar(320) not null,
    address_key varchar(320) not null,
    sort_key varchar(200) not null,
    first_name varchar(100) not null,
    last_name varchar(100) not null,
    language varchar(5) not null,
    mx_group smallint not null,
    fields jsonb not null,
    fate smallint not null
) on commit delete rows;
create temporary table if not exists contacts_matched (
    ord integer not null,
    contact_id bigint not null,
    is_changed boolean not null,
    was_seen boolean not null,
    subscription_state smallint,
    is_out boolean not null
) on commit delete rows;
create temporary table if not exists contacts_effects (
    ord integer not null,
    contact_id bigint not null,
    effect smallint not null,
    before jsonb not null
) on commit delete rows;
set local synchronous_commit = off;
set local work_mem = '64MB';
truncate contacts_staging, contacts_matched, contacts_effects;
