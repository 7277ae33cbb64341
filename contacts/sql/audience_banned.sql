-- Whether a list bans the address of one row (contact_id, list_id). Where no list of the audience bans anybody, which
-- is the rule, one look at the few bans there are answers for all rows.
case when (select exists (
        select from contacts_suppression b where b.contact_list_id = any(%s::bigint[])
    ))
    then exists (
        select from contacts_contact k
        join contacts_suppression b on b.address_key = k.address_key
        where k.id = /* contact */ and b.contact_list_id = /* list */ and b.contact_list_id is not null
    )
    else false
end
