-- A block for this process alone: what another holds is skipped, what another applied meanwhile no longer qualifies.
select e.id, e.source, e.kind, e.at, e.mailing_id, e.message_id, e.bounce_class, e.way,
       m.id is null, m.contact_id, m.address_key
  from feedback_event e
  left join delivery_message m on m.id = e.message_id and m.mailing_id = e.mailing_id
 where e.id = any(%(ids)s) and e.occurred_on between %(first)s and %(last)s and e.applied_at is null
 order by e.id
   for update of e skip locked
