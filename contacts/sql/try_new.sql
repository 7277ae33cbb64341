-- The new people of a chunk, and how many of them stay out (as import_create decides).
select
    count(*),
    count(*) filter (where s.fate <> 0 or exists (
        select from contacts_suppression x
        where x.address_key = s.address_key and x.reason in (20, 23, 25)
            and (x.contact_list_id is null or x.contact_list_id = %(list)s)
    ))
from contacts_staging s
where not exists (select from contacts_matched m where m.ord = s.ord)
