-- Whom to leave out of the window just opened: a statement of its own, for a fresh picture under the batch's lock.
-- Read together with the mark, somebody who left meanwhile would be written to. Scalar sub-selects stay index probes.
-- 0 = has an outcome already (a range of the key: one probe a window, not one a message).
select message_id, 0
  from delivery_outcome
 where message_id > %(done_to)s and message_id <= %(open_to)s
union all
select id, reason
  from (select m.id,
               coalesce(
                 case when m.address = '' then %(erased)s::int end,
                 (select s.reason from contacts_suppression s
                   where s.address_key = m.address_key
                     and case s.scope when 0 then true when 1 then %(is_marketing)s
                              else %(is_marketing)s and s.contact_list_id = (m.vars #>> '{list,id}')::bigint end
                   order by s.scope limit 1),
                 case when %(is_marketing)s and m.contact_id is not null
                       and (select 1 from contacts_contact c
                             where c.id = m.contact_id and c.paused_until > clock_timestamp()) is not null
                      then %(paused)s::int end,
                 case when %(lists)s::bigint[] <> '{}' and m.contact_id is not null
                       and (select 1 from contacts_subscription u
                             where u.contact_id = m.contact_id and u.contact_list_id = any(%(lists)s) and u.state = 1
                             limit 1) is null
                      then %(left)s::int end) as reason
          from delivery_message m
         where m.id > %(done_to)s and m.id <= %(open_to)s) w
 where reason is not null
