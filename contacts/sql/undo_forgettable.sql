-- Of the people an import created: those of whom nothing else is known since. Another list, another consent, something
-- they did or asked for, the tag of a colleague or somebody merged into them keeps them.
select i.contact_id
from contacts_importedcontact i
where i.contact_import_id = %(import)s and i.contact_id = any(%(people)s) and i.effect = 1
    and not exists (
        select from contacts_subscription s
        where s.contact_id = i.contact_id and (s.contact_list_id is distinct from %(list)s or s.state = 2)
    )
    and not exists (
        select from contacts_consent x
        where x.contact_id = i.contact_id and x.statement_id is distinct from %(statement)s
    )
    and not exists (select from contacts_engagement e where e.contact_id = i.contact_id)
    and not exists (select from contacts_confirmation f where f.contact_id = i.contact_id)
    and not exists (select from contacts_formeraddress a where a.contact_id = i.contact_id)
    and not exists (
        select from contacts_contacttag t
        where t.contact_id = i.contact_id and t.contact_import_id is distinct from %(import)s
    )
    and not exists (
        select from contacts_importedcontact other
        where other.contact_id = i.contact_id and other.effect > 1 and other.contact_import_id = any(%(later)s)
    )
