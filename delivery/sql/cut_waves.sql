-- How many people of each mailbox provider leave first: so many as the order says, or by the rule where the mailing is
-- large and nobody leaves ahead where it is not. Safe to run twice.
with shares as (
       select c.mx_group, count(*) as people
         from ({source}) s
         join contacts_contact c on c.id = s.contact_id
        group by c.mx_group)
insert into delivery_brake (mailing_id, mx_group, wave_size)
select %(mailing)s, mx_group,
       case when %(size)s > 0 then %(size)s
            else least(%(most)s, greatest(%(least)s, ceil(people * %(share)s))) end
  from shares
 where %(size)s > 0 or (select sum(people) from shares) > %(large)s
    on conflict do nothing
