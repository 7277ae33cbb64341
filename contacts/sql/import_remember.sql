-- Whom this import has met, in the order of contact ids: the index grows at its end.
insert into contacts_importedcontact (contact_import_id, contact_id)
select %(import)s, contact_id from contacts_matched where not was_seen order by contact_id
