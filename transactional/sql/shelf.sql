-- All a group of calls may name, in one trip: templates by number with their current version, the senders, the names of
-- the contacts' fields, and what was stored before under the calls' idempotency keys.
-- Plan: small tables, and a probe of once_an_idempotency_key for each key; `limit` keeps it so, where a join would be
-- planned once and for all as a scan of what was stored that day.
select (select json_agg(json_build_array(t.id, t.current_id, t.language))
          from templates_app_template t where t.id = any(%(templates)s::int[]) and t.current_id is not null),
       (select json_agg(json_build_array(s.id, s.address) order by s.id) from deliverability_sender s),
       (select json_agg(f.key) from contacts_contactfield f),
       (select json_agg(json_build_array(r.api_key_id, r.idempotency_key, r.digest, r.uuid))
          from unnest(%(keys)s::bigint[], %(words)s::text[]) as p (key, word)
         cross join lateral (
               select * from transactional_messagerequest
                where api_key_id = p.key and idempotency_key = p.word limit 1) r)
