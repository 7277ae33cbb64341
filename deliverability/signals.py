"""What deliverability announces."""

from django.dispatch import Signal

bounces_moved = Signal()  # domain_id: its mail has another return path from now on
