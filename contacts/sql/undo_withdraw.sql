-- People an import put on its list go back to what they were there: waiting to confirm, or on no row at all. Who left
-- meanwhile has left. The consents it wrote stay as they are; what follows them says "not asked" (mailing), or again
-- what was said before (tracking), on the statement of this undo.
with told as (
    select i.contact_id, i.before
    from contacts_importedcontact i
    where i.contact_import_id = %(import)s and i.contact_id = any(%(people)s) and (i.effect & 4 = 4 or i.effect = 1)
    order by i.contact_id
),
latest as (
    select told.*, kind.purpose, found.statement_id
    from told
    cross join (values ('mailing'), ('opens'), ('clicks')) as kind (purpose)
    cross join lateral (
        select x.statement_id
        from contacts_consent x
        where x.contact_id = told.contact_id and x.purpose = kind.purpose
            and (kind.purpose <> 'mailing' or x.contact_list_id = %(list)s)
        order by x.at desc, x.id desc
        limit 1
    ) found
    where found.statement_id = %(statement)s
),
waiting as (
    update contacts_subscription s set state = 3
    from latest
    where s.contact_id = latest.contact_id and s.contact_list_id = %(list)s and s.state = 1
        and latest.purpose = 'mailing' and latest.before @> '{"was_pending": true}'
    returning s.contact_id
),
gone as (
    delete from contacts_subscription s using latest
    where s.contact_id = latest.contact_id and s.contact_list_id = %(list)s and s.state = 1
        and latest.purpose = 'mailing' and not coalesce(latest.before @> '{"was_pending": true}', false)
    returning s.contact_id
),
withdrawn as (
    insert into contacts_consent (contact_id, contact_list_id, statement_id, purpose, state)
    select
        contact_id,
        case when purpose = 'mailing' then %(list)s end,
        %(undo)s,
        purpose,
        case purpose
            when 'opens' then coalesce((before ->> 'opens')::smallint, 0)
            when 'clicks' then coalesce((before ->> 'clicks')::smallint, 0)
            else 0
        end
    from latest
    returning contact_id, purpose, state
),
tracked as (
    update contacts_contact c set
        open_consent = coalesce(told.opens, c.open_consent),
        click_consent = coalesce(told.clicks, c.click_consent)
    from (
        select contact_id,
            max(state) filter (where purpose = 'opens') as opens,
            max(state) filter (where purpose = 'clicks') as clicks
        from withdrawn
        where purpose <> 'mailing'
        group by contact_id
    ) told
    where c.id = told.contact_id
)
select (select count(*) from waiting) + (select count(*) from gone)
