-- Everyone of an audience: whether they will get a campaign (reason 0) or why not, and what the review page counts of
-- them. A suppression of everything stands before one of marketing; a sample contact is left out for good only where the
-- provider is not the test inbox. The order of reasons is that of the snapshot (delivery/sql/snapshot_block.sql).
select
    c.id as contact_id,
    c.mx_group,
    c.first_name = '' as is_nameless,
    c.open_consent * 3 + c.click_consent as consents,
    case
        when c.is_sample and not switch.reaches_samples then switch.sample_reason
        else coalesce(
            s_all.reason, s_marketing.reason, s_list.reason,
            case when c.paused_until > statement_timestamp() then switch.paused_reason end, 0
        )
    end as reason
from (
    select %s::smallint as sample_reason, %s::smallint as paused_reason, %s::boolean as reaches_samples
) switch
cross join (/* source */) audience
join contacts_contact c on c.id = audience.contact_id
left join contacts_suppression s_all on s_all.address_key = c.address_key and s_all.scope = 0
left join contacts_suppression s_marketing on s_marketing.address_key = c.address_key and s_marketing.scope = 1
left join contacts_suppression s_list
    on s_list.address_key = c.address_key and s_list.contact_list_id = audience.list_id
