-- What a chunk does to people who are known: 2 changes values, 4 joins the list; with the values from before beside the
-- new ones, for the dry run to show and for the undo to put back. Rows that change nothing cost nothing here.
insert into contacts_effects (ord, contact_id, effect, before)
select
    m.ord,
    m.contact_id,
    case when m.is_changed then 2 else 0 end + case when m.joins then 4 else 0 end,
    jsonb_strip_nulls(jsonb_build_object(
        'first_name', case when m.is_changed and s.first_name not in ('', c.first_name)
            then jsonb_build_array(c.first_name, s.first_name) end,
        'last_name', case when m.is_changed and s.last_name not in ('', c.last_name)
            then jsonb_build_array(c.last_name, s.last_name) end,
        'language', case when m.is_changed and s.language not in ('', c.language)
            then jsonb_build_array(c.language, s.language) end,
        'fields', case when m.is_changed then (
            select jsonb_object_agg(told.key, jsonb_build_array(c.fields -> told.key, told.value))
            from jsonb_each(s.fields) told
            where c.fields -> told.key is distinct from told.value
        ) end,
        'was_pending', case when m.joins and m.subscription_state = 3 then true end,
        'opens', case when m.joins and %(tracking)s <> 0 and c.open_consent <> 2 then c.open_consent end,
        'clicks', case when m.joins and %(tracking)s <> 0 and c.click_consent <> 2 then c.click_consent end
    ))
from (
    select *, (subscription_state is null or subscription_state = 3) and not is_out as joins
    from contacts_matched
    where not was_seen
) m
join contacts_staging s on s.ord = m.ord
join contacts_contact c on c.id = m.contact_id
where m.is_changed or m.joins
