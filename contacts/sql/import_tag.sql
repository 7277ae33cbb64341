-- The import's tags on everybody it names; whom a tag is on already keeps it as it was.
insert into contacts_contacttag (tag_id, contact_id, contact_import_id)
select t.id, c.id, %(import)s
from contacts_staging s
join contacts_contact c on c.address_key = s.address_key
cross join contacts_tag t
where t.id = any(%(tags)s)
order by t.id, c.id
on conflict do nothing
