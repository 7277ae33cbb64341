-- A great array of deliveries: each stored once, and those of accepted messages applied at once, so that no row is read
-- and written a second time. Who bounced softly before waits for the pass that counts them (consequences.py), and so does
-- whatever is in doubt, on the wire or unknown to us: stored, not applied.
-- Outcomes are locked in the order of their keys, as applying.py does. Only a new event stamps, and only an earlier time.
-- Plan: three index probes a delivery, one insert, one update in place: 25 µs each in arrays of 1,000.
with told as materialized (
       select n.*,
              o.message_id is not null
              and coalesce((select g.soft_bounce_count from contacts_engagement g
                             where g.contact_id = (select m.contact_id from delivery_message m where m.id = n.message)), 0) = 0
              as is_ready
         from (select *
                 from json_to_recordset(%(events)s::json) as e (
                        day date, source int, key text, mailing int, message bigint, at timestamptz, details jsonb)
                order by message) n
         left join lateral (
              select message_id from delivery_outcome
               where message_id = n.message and mailing_id = n.mailing and state = 2
                 for update) o on true),
     stored as (
       insert into feedback_event (occurred_on, source, event_key, kind, mailing_id, message_id, at, details, applied_at)
       select day, source, key, 1, mailing, message, at, details, case when is_ready then clock_timestamp() end
         from told
        order by day, source, key
           on conflict (occurred_on, source, event_key) do nothing
       returning mailing_id, message_id, at, applied_at),
     stamped as (
       update delivery_outcome o
          set delivered_at = s.at
         from (select message_id, min(at) as at from stored where applied_at is not null group by message_id) s
        where o.message_id = s.message_id and s.at < coalesce(o.delivered_at, 'infinity'))
select mailing_id, count(*), count(applied_at) from stored group by mailing_id
