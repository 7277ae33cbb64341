"""Storage of the ledger: batches are updated in place, outcomes get first-time stamps, messages are written once."""

from django.db import migrations

FORWARD = """
alter table delivery_batch set (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02);
alter table delivery_outcome set (fillfactor = 80);
alter table delivery_message set (fillfactor = 100);
insert into delivery_counter (name, next) values ('message', 1), ('occasion', 1), ('generation', 1);

-- A person's state: the outcome if there is one; else sending when its batch is claimed and the id is in the window;
-- else pending. The batch of a message is the greatest first_id not above its id.
create view delivery_messagestate as
select m.id as message_id, m.mailing_id,
       coalesce(o.state, case when b.state = 1 and m.id > b.done_to and m.id <= b.open_to then 1 else 0 end) as state,
       coalesce(o.reason, 0) as reason
  from delivery_message m
  left join delivery_outcome o on o.message_id = m.id
  left join lateral (select state, done_to, open_to from delivery_batch
                      where first_id <= m.id order by first_id desc limit 1) b on o.message_id is null;
"""


class Migration(migrations.Migration):
    dependencies = [("delivery", "0001_initial")]
    operations = [migrations.RunSQL(FORWARD, migrations.RunSQL.noop)]
