"""Checks on what surrounds the message: audience, template, sender, provider, our own address."""

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import Organisation
from campaigns.models import Campaign
from campaigns.review.check import Check, Fix, blocking, good, look
from campaigns.review.message import listed
from campaigns.ways import stream_of
from contacts.mailbox_providers import BY_NUMBER, OTHERS, group_of
from deliverability.models import Sender
from delivery import alignment
from delivery.models import Alignment, Provider
from delivery.services import alignment_problems, is_loopback, provider_problems, stream_problems


def check_organisation(organisation: Organisation) -> Iterator[Check]:
    if not organisation.name or not organisation.address:
        yield blocking(
            "organisation_missing",
            _("Your organisation has no name or no postal address"),
            _("Both stand at the foot of every campaign."),
            fix=Fix.ORGANISATION,
        )


def check_audience(*, has_lists: bool, has_recipients: bool) -> Iterator[Check]:
    if not has_lists:
        yield blocking("audience_missing", _("No list is chosen"), _("Say who this campaign is for."), fix=Fix.AUDIENCE)
    elif not has_recipients:
        yield blocking(
            "audience_empty",
            _("Nobody would get this message"),
            _("Every person on the chosen lists is left out, or the lists are empty."),
            fix=Fix.AUDIENCE,
        )


def check_template(campaign: Campaign) -> Iterator[Check]:
    version = campaign.template_version
    if version is None:
        yield blocking("template_missing", _("No template is chosen"), fix=Fix.CONTENT)
    elif version.template.current_id not in (None, version.pk):
        yield look(
            "template_newer",
            _("The template was changed after it was chosen here"),
            _("This campaign would leave with the version of before."),
            fix=Fix.NEWER,
        )


def check_names(undefined: Mapping[Fix, Collection[str]]) -> Iterator[Check]:
    """`undefined`: the names nobody defines, by where they are mended."""
    for fix, names in undefined.items():
        if names:
            yield blocking(
                "names_undefined",
                ngettext(
                    "The message names %d thing that does not exist",
                    "The message names %d things that do not exist",
                    len(names),
                )
                % len(names),
                _("There would be a void in its place: %s") % listed(sorted(names)),
                fix=fix,
            )
    if not any(undefined.values()):
        yield good("names", _("Every personal word is known"))


def check_sender(sender: Sender | None, *, provider: Provider | None) -> Iterator[Check]:
    if sender is None:
        yield blocking(
            "sender_missing", _("No sender is chosen"), _("Say in whose name the message is written."), fix=Fix.CONTENT
        )
        return
    domain = sender.address.rpartition("@")[2].lower()
    group = group_of(domain)
    if group != OTHERS and provider is not None and not provider.is_catcher:
        yield blocking(
            "sender_domain",
            _("%s is not yours to send campaigns from") % sender.address,
            _("%(keeper)s has mail of %(domain)s refused when others send it. Use an address of your own domain.")
            % {"keeper": BY_NUMBER[group].name, "domain": domain},
            fix=Fix.CONTENT,
        )
    else:
        yield good(
            "sender", _("The sender is %(name)s, %(address)s") % {"name": sender.name, "address": sender.address}
        )


def check_stream(campaign: Campaign) -> Iterator[Check]:
    """A stream for marketing, and a sender that is of its domain."""
    stream = stream_of(campaign)
    for problem in stream_problems(stream, senders=[campaign.sender.address] if campaign.sender else []):
        yield blocking(problem.code, problem.message, problem.fix, fix=Fix.CONTENT)
    if stream.is_transactional:
        yield blocking(
            "stream",
            _("The stream “%(stream)s” does not heed unsubscribes: a list is never written to by it.")
            % {"stream": stream},
            _("Choose a stream for marketing."),
            fix=Fix.CONTENT,
        )


def check_provider(provider: Provider | None) -> Iterator[Check]:
    if provider is None:
        yield blocking(
            "provider_missing", _("There is no provider"), _("Say through whom the mail leaves."), fix=Fix.PROVIDER
        )
    elif provider.is_catcher:
        yield look(
            "provider_catcher",
            _("This delivers to nobody"),
            _("%s keeps every message in the test inbox. Choose a real provider to reach people.") % provider,
            fix=Fix.CONTENT,
        )
    elif provider.test_error:
        yield look(
            "provider_failing",
            _("The last connection to %s failed") % provider,
            provider.test_error,
            fix=Fix.PROVIDER,
        )
    elif provider.tested_at is None:
        yield look(
            "provider_untested",
            _("%s was never tested") % provider,
            _("One click tells whether it takes our login."),
            fix=Fix.PROVIDER,
        )
    else:
        yield good("provider", _("%s takes our login") % provider)


def check_alignment(sender: Sender | None, *, provider: Provider | None, now: datetime) -> Iterator[Check]:
    """Whether the sender's domain allows this account, as far as the DNS was asked."""
    if sender is None or provider is None or provider.is_catcher:
        return
    domain = sender.address.rpartition("@")[2].lower()
    missing = alignment.uncovered(provider, [domain], now=now)
    if problems := alignment_problems(provider, senders=[sender.address]):
        for problem in problems:
            yield blocking(problem.code, problem.message, problem.fix, fix=Fix.ALIGNMENT)
    elif not missing:
        yield good("alignment", _("%(provider)s may write for %(domain)s") % {"provider": provider, "domain": domain})
    elif missing[domain] == Alignment.State.OPEN:
        yield look(
            "alignment_open",
            _("The DNS cannot tell whether %(provider)s may write for %(domain)s")
            % {"provider": provider, "domain": domain},
            _("Say with which selector it signs, or that you have seen its mail pass."),
            fix=Fix.ALIGNMENT,
        )


def check_way_out(provider: Provider | None) -> Iterator[Check]:
    """What delivery refuses about the provider and our own address."""
    if provider is None:
        return
    problems = provider_problems(provider)
    for problem in problems:
        yield blocking(
            problem.code, problem.message, problem.fix, fix=Fix.CONTENT if is_loopback(provider) else Fix.PROVIDER
        )
    if not problems and not is_loopback(provider):
        host = urlsplit(settings.ENVOL_URL).hostname or ""
        yield good("our_address", _("Links and unsubscribe pages are at %s") % host)
