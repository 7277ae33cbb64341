-- Many events, one statement, one row each at most: (occurred_on, source, event_key) is unique, and a repeat is dropped.
-- In the order of the keys, so that two deliveries of the same events wait for each other and never deadlock.
-- An event that comes with an error is stored as applied: it is there to be read, not to count.
insert into feedback_event (occurred_on, source, event_key, kind, mailing_id, message_id, link_number, bounce_class, way,
                            at, details, error, applied_at)
select n.day, n.source, n.key, n.kind, n.mailing, n.message, n.link, n.bounce_class, n.way, n.at, n.details, n.error,
       case when n.error is not null then clock_timestamp() end
  from json_to_recordset(%(events)s::json) as n (
         day date, source int, key text, kind smallint, mailing int, message bigint, link int, bounce_class smallint,
         way smallint, at timestamptz, error text, details jsonb)
 order by n.day, n.source, n.key
    on conflict (occurred_on, source, event_key) do nothing
