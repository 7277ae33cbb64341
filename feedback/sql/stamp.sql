-- First times only: least() ignores null, so an empty stamp is set, a later repeat changes nothing and an earlier event
-- that came late wins. Rows that would not change are not written. Refused and skipped messages take no stamps: a relay
-- may fetch links before it answers 550.
update delivery_outcome o
   set delivered_at = least(o.delivered_at, n.delivered),
       bounced_at = least(o.bounced_at, n.bounced),
       is_hard_bounce = case when n.bounced is null then o.is_hard_bounce
                             else coalesce(o.is_hard_bounce, false) or n.is_hard end,
       complained_at = least(o.complained_at, n.complained),
       opened_at = least(o.opened_at, n.opened),
       clicked_at = least(o.clicked_at, n.clicked),
       unsubscribed_by = case when n.left_at < o.unsubscribed_at or o.unsubscribed_at is null then coalesce(n.way, o.unsubscribed_by)
                              else o.unsubscribed_by end,
       unsubscribed_at = least(o.unsubscribed_at, n.left_at)
  from unnest(%(message)s::bigint[], %(delivered)s::timestamptz[], %(bounced)s::timestamptz[], %(is_hard)s::bool[],
              %(complained)s::timestamptz[], %(opened)s::timestamptz[], %(clicked)s::timestamptz[],
              %(left)s::timestamptz[], %(way)s::smallint[])
       as n (message, delivered, bounced, is_hard, complained, opened, clicked, left_at, way)
 where o.message_id = n.message and o.state = 2
   and (n.delivered < coalesce(o.delivered_at, 'infinity') or n.bounced < coalesce(o.bounced_at, 'infinity')
        or (n.is_hard and o.is_hard_bounce is not true) or n.complained < coalesce(o.complained_at, 'infinity')
        or n.opened < coalesce(o.opened_at, 'infinity') or n.clicked < coalesce(o.clicked_at, 'infinity')
        or n.left_at < coalesce(o.unsubscribed_at, 'infinity'))
