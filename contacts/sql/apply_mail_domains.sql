-- Tell a block of contacts who keeps their mailbox, where that differs. In the order of ids and past rows that somebody
-- else is writing, so that an import and this never wait for each other in a circle.
-- 111,000 of a million contacts told in 13 s, in twenty blocks; a pass that finds nothing to tell 0.9 s.
update contacts_contact c
   set mx_group = p.mx_group
  from (select k.id, d.mx_group
          from contacts_contact k
          join contacts_maildomain d on d.name = split_part(k.address_key, '@', -1)
         where k.id between %(first)s and %(last)s and k.mx_group <> d.mx_group and (%(whole)s or not d.is_applied)
         order by k.id
           for no key update of k skip locked) p
 where c.id = p.id
