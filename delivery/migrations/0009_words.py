"""What servers say, without what differs from person to person: addresses, links, hosts, queue ids, long numbers."""

from django.db import migrations

FORWARD = r"""
create function delivery_words(reply text) returns text language sql immutable parallel safe as $$
  select regexp_replace(regexp_replace(regexp_replace(regexp_replace(regexp_replace(regexp_replace(
    lower(left(reply, 400)),
    '[^\s<>"'']+@[^\s<>"'',;:]+', '@', 'g'),
    'https?://\S+', '/', 'g'),
    '\m[\w-]*\d[\w-]*(\.[\w-]+)*\.[a-z]{2,}\M', '.', 'g'),
    '\m\d{1,3}(\.\d{1,3}){3}\M|\m[0-9a-f]*(:[0-9a-f]*){3,}\M', '#', 'g'),
    '\m(?=\w*\d)(?=\w*[a-z])[\w-]{12,}\M|\m\d{4,}\M', '#', 'g'),
    '\s+', ' ', 'g')
$$
"""


class Migration(migrations.Migration):
    dependencies = [("delivery", "0008_account")]
    operations = [migrations.RunSQL(FORWARD, "drop function delivery_words(text)")]
