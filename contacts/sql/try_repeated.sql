-- Rows of a chunk whose person stood in an earlier one: taken off the staging table, as the run refuses them.
with repeated as (
    delete from contacts_staging s using contacts_tried t where t.address_key = s.address_key returning s.ord
),
met as (
    insert into contacts_tried (address_key)
    select s.address_key from contacts_staging s
    where not exists (select from contacts_tried t where t.address_key = s.address_key)
)
select ord from repeated order by ord
