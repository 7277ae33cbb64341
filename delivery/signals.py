"""What delivery announces."""

from django.dispatch import Signal

# The database was restored from a backup; inside the transaction that holds sending. `now`. What was waiting for its
# time in the backup may have left since.
gone_back = Signal()
