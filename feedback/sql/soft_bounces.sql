-- Messages that bounced softly since the last one delivered, per contact. Delivered: confirmed, or accepted without a
-- bounce where the provider confirms nothing. Counted from the rows, so a repeated event counts once.
with known as (
       select m.contact_id,
              case when o.delivered_at is not null and (o.bounced_at is null or o.bounced_at < o.delivered_at) then o.delivered_at
                   when o.bounced_at is null and not p.kind = any(%(confirming)s) then o.at end as delivered_at,
              case when not coalesce(o.is_hard_bounce, false) and o.bounced_at is not null
                    and exists (select 1 from feedback_event e where e.message_id = m.id and e.bounce_class = 2)
                   then o.bounced_at end as bounced_at
         from delivery_message m
         join delivery_outcome o on o.message_id = m.id and o.state = 2
         join delivery_mailing g on g.id = m.mailing_id and not g.is_test
         join delivery_provider p on p.id = coalesce(o.provider_id, (
              select b.provider_id from delivery_batch b where b.first_id <= m.id order by b.first_id desc limit 1))
        where m.contact_id = any(%(contacts)s)),
     last_delivery as (select contact_id, max(delivered_at) as at from known group by contact_id)
select k.contact_id, count(*) filter (where k.bounced_at > coalesce(l.at, '-infinity')), c.address_key
  from known k
  join last_delivery l using (contact_id)
  join contacts_contact c on c.id = k.contact_id
 group by k.contact_id, c.address_key
 order by k.contact_id
