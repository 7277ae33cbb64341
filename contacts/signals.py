"""What contacts announces. Receivers live on higher floors; what must not be lost is found again by their sweeps."""

from django.dispatch import Signal

# A mail is due: `confirmation` (its pk), after the commit.
confirmation_due = Signal()
# Somebody joined lists by their own act: `contact` (its pk), `lists` (their pks), after the commit. The rows are
# contacts.WelcomeDue.
lists_joined = Signal()
