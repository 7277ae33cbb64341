-- A block for this process alone: what another holds is skipped, what another applied meanwhile no longer qualifies.
-- No condition on the day: the small index of what is pending finds the rows in every month, and with one the planner
-- read a whole day of the unique key.
select e.id, e.source, e.kind, e.at, e.mailing_id, e.message_id, e.bounce_class, e.way,
       m.id is null, m.contact_id, m.address_key
  from feedback_event e
  left join delivery_message m on m.id = e.message_id and m.mailing_id = e.mailing_id
 where e.id = any(%(ids)s) and e.applied_at is null
 order by e.id
   for update of e skip locked
