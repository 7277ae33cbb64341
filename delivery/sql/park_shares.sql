-- Batches of braked shares leave the index of what is due, and come back at the time they had: so that nobody who looks
-- for work walks over them. Parked = a thousand years later. Safe to run at any time: it moves what stands wrong, and
-- locks nothing else.
update delivery_batch b
   set due_at = b.due_at + case when p.is_parked then interval '-1000 years' else interval '1000 years' end
  from (select c.id, p.is_parked
          from delivery_brake k
          join delivery_batch c on c.mailing_id = k.mailing_id and c.mx_group = k.mx_group
         cross join lateral (select c.due_at > clock_timestamp() + interval '500 years' as is_parked) p
         where k.mailing_id = %(mailing)s and c.state = 0
           and p.is_parked <> (k.state in (3, 4) or (k.state = 0 and c.wave > 0))
         order by c.id
           for update of c) p
 where b.id = p.id and b.state = 0
