-- Whom this import has met and what it does to them, in the order of contact ids: the index grows at its end.
insert into contacts_importedcontact (contact_import_id, contact_id, effect, before)
select %(import)s, m.contact_id, coalesce(e.effect, 0), e.before
from contacts_matched m
left join contacts_effects e on e.ord = m.ord
where not m.was_seen
order by m.contact_id
