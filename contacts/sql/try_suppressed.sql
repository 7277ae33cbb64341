-- Of a file of people who must not be mailed: whose suppression would be new.
select count(*) from contacts_staging s
where not exists (
    select from contacts_suppression x
    where x.address_key = s.address_key and x.contact_list_id is null and x.scope = %(scope)s
)
