-- Whose soft bounces are counted anew: those who bounced softly, and those told anything of who had bounced before.
select c.id
  from contacts_contact c
 where c.id = any(%(contacts)s)
   and (c.id = any(%(soft)s)
        or exists (select 1 from contacts_engagement g where g.contact_id = c.id and g.soft_bounce_count > 0))
