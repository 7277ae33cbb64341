"""What a search looks through."""

from django.db import models


class SearchText(models.Model):
    """A contact's address and names as one text, in a table of its own with an index of trigrams (contacts/search.py).

    Beside the contacts, because the index costs 10 to 20 µs a row: it follows an import instead of slowing it down.
    The database keeps it true: a row goes with its contact, and a trigger follows a change of address or name.
    """

    contact_id = models.BigIntegerField(primary_key=True)
    text = models.TextField()

    def __str__(self) -> str:
        return self.text
