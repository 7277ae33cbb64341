-- Changed people of whom the file gave one half of the name: their sort key is folded by Python.
select c.id, c.first_name, c.last_name, c.address_key
from contacts_matched m
join contacts_staging s on s.ord = m.ord
join contacts_contact c on c.id = m.contact_id
where m.is_changed and not m.was_seen and (s.first_name = '') <> (s.last_name = '')
