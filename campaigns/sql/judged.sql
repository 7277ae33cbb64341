-- Everyone of an audience with the reason they would be left out for, or null: the same questions as the snapshot asks
-- (delivery/sql/snapshot_block.sql), asked of everybody at once. {source} gives (contact_id, list_id).
select c.id as contact_id, c.mx_group, c.first_name = '' as is_nameless,
       (%(tracking)s::smallint[])[c.open_consent * 3 + c.click_consent + 1] & 3 = 3 as is_open_measured,
       case when %(no_samples)s and c.is_sample then %(not_here)s else u.reason end as reason
  from (select distinct s.contact_id from ({source}) s) p
  join contacts_contact c on c.id = p.contact_id
  left join lateral (select x.reason from contacts_suppression x
                      where x.address_key = c.address_key order by x.scope limit 1) u on true
