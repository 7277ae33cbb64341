"""A sample campaign becomes a mailing by the same verb as any other."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from django.db import transaction

from accounts.models import Organisation
from campaigns.models import Campaign
from campaigns.orders import mailing_order
from delivery.models import Mailing
from delivery.services import plan_mailing


def plan(campaign: Campaign, *, starts_at: datetime, **mailing_values: object) -> Mailing:
    """Plan the mailing of a sample draft, in the caller's or a transaction of its own; `mailing_values` are set on it
    before anybody can see it."""
    with transaction.atomic(), _in_somebodys_name(starts_at):
        mailing = plan_mailing(mailing_order(campaign, starts_at=starts_at))
        if mailing_values:
            Mailing.objects.filter(pk=mailing.pk).update(**mailing_values)
        Campaign.objects.filter(pk=campaign.pk).update(
            state=Campaign.State.STARTED, mailing=mailing, occasion=mailing.occasion, starts_at=starts_at
        )
    return mailing


@contextmanager
def _in_somebodys_name(at: datetime) -> Iterator[None]:
    """On the very first start nobody has said yet in whose name mail goes out, and nothing is planned without that.

    The sample then writes in a name of its own. It is taken back before the transaction ends: nobody ever sees it.
    """
    given = Organisation.objects.select_for_update().filter(pk=1).first() or Organisation.objects.create(pk=1)
    if given.is_complete:
        yield
        return
    before = {"name": given.name, "address": given.address, "set_up_at": given.set_up_at}
    ours = Organisation.objects.filter(pk=1)
    ours.update(
        name=given.name or "Maison Verdier", address=given.address or "14 rue Mercière, 69002 Lyon", set_up_at=at
    )
    yield
    ours.update(**before)
