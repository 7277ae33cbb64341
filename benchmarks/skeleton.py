"""What one message costs to make: the skeleton filled, against Django's EmailMultiAlternatives, in one run.

    python -m benchmarks.skeleton [messages]

10 kB of HTML with text, five personal tracked links, a pixel, three personal values in the HTML and one in the
subject, the unsubscribe headers. CPU time, one core; ratios within one run are what counts.
"""

import os
import platform
import statistics
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from time import process_time

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from django.core.mail import EmailMultiAlternatives, make_msgid  # noqa: E402
from django.db import transaction  # noqa: E402
from django.utils import timezone  # noqa: E402

from common import tokens  # noqa: E402
from delivery.models import Content, Mailing, Message, Provider  # noqa: E402
from delivery.skeleton import compile_content, record_links  # noqa: E402
from delivery.skeleton.slow import render_slowly  # noqa: E402
from templates_app import liquid  # noqa: E402
from templates_app.rendering import compile_source  # noqa: E402

WORDS = "Des draps de lin lavé, tissés dans le Nord et cousus à Lyon, qui adoucissent à chaque lessive. "
BLOCK = (
    "<mj-text>{words}</mj-text>"
    "<mj-button href='https://maison-verdier.example/lin/{n}?a=1&amp;b=2'>Voir {n}</mj-button>"
)
SOURCE = f"""<mjml><mj-head><mj-title>Lin</mj-title></mj-head><mj-body><mj-section><mj-column>
<mj-text>Bonjour {{{{ contact.first_name | default: "à vous" }}}}, à {{{{ contact.city }}}}</mj-text>
{"".join(BLOCK.format(words=WORDS * 6, n=n) for n in range(5))}
<mj-text>Merci {{{{ contact.first_name }}}} — <a href="{{{{ unsubscribe_url }}}}">se désabonner</a></mj-text>
</mj-column></mj-section></mj-body></mjml>"""


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 3000
    with transaction.atomic():
        content = _content()
        skeleton = compile_content(content)
        messages = [_message(content, number) for number in range(1, count + 1)]
        at = datetime(2026, 11, 24, 18, 0, tzinfo=UTC)
        filled = skeleton.fill(messages[0], at=at).source
        ours = _best(lambda: [skeleton.fill(message) for message in messages], count)
        few = messages[: max(count // 30, 20)]
        slow = _best(lambda: [render_slowly(content, message, at=at) for message in few], len(few))
        ordinary = _best(lambda: [_ordinary(content, message) for message in few], len(few))
        transaction.set_rollback(True)
    print(f"{platform.processor() or platform.machine()}, Python {platform.python_version()}, {count} messages of")
    print(f"{len(filled)} bytes ({len(content.html)} characters of HTML); CPU time, median of five\n")
    print(f"{'':28}{'µs a message':>14}{'ratio':>8}")
    for name, cost in (("skeleton filled", ours), ("slow path", slow), ("EmailMultiAlternatives", ordinary)):
        print(f"{name:28}{cost:14.1f}{cost / ours:8.0f}")


def ordinary_cost(count: int) -> float:
    """µs of CPU a message of the usual way, for other benchmarks to print beside theirs."""
    with transaction.atomic():
        content = _content()
        messages = [_message(content, number) for number in range(1, count + 1)]
        start = process_time()
        for message in messages:
            _ordinary(content, message)
        cost = (process_time() - start) / count * 1e6
        transaction.set_rollback(True)
    return cost


def _content() -> Content:
    now = timezone.now()
    provider = Provider.objects.create(name="benchmark of the skeleton")
    mailing = Mailing.objects.create(
        name="benchmark",
        provider=provider,
        occasion=1,
        audience={"lists": [1]},
        policy="none",
        public_url="https://mail.maison-verdier.example",
        tracking_url="https://liens.maison-verdier.example",
        organisation={"name": "Maison Verdier", "address": "12 rue Mercière, 69002 Lyon"},
        starts_at=now,
    )
    content = Content.objects.create(
        mailing=mailing,
        subject="{{ contact.first_name | default: 'Bonjour' }}, le lin lavé est à −40 %",
        sender_name="Maison Verdier",
        sender_address="bonjour@maison-verdier.example",
        html=compile_source(SOURCE).html,
    )
    record_links(content)
    return content


def _message(content: Content, number: int) -> Message:
    values = {"contact": {"first_name": "Zoé" if number % 2 else "Camille", "city": "Lyon"}, "list": {"id": 1}}
    return Message(
        pk=50_000_000 + number,
        mailing_id=content.mailing_id,
        content=content,
        address=f"contact{number}@exemple.example",
        tracking=15,
        vars=values,
    )


def _ordinary(content: Content, message: Message) -> bytes:
    """The usual way: template rendered, links signed and replaced, message built and written, once per person."""
    values = message.vars
    html = liquid.render(content.html, values, is_html=True)
    for link in content.links.all() if not hasattr(content, "_kept") else content._kept:
        token = tokens.encode(tokens.Purpose.CLICK, mailing=message.mailing_id, message=message.pk, link=link.number)
        html = html.replace(link.url.replace("&", "&amp;"), f"https://liens.maison-verdier.example/c/{token}")
    token = tokens.encode(tokens.Purpose.OPEN, mailing=message.mailing_id, message=message.pk)
    html = html.replace("</body>", f'<img src="https://liens.maison-verdier.example/o/{token}.gif" alt=""></body>')
    leave = tokens.encode(tokens.Purpose.UNSUBSCRIBE, mailing=message.mailing_id, message=message.pk)
    mail = EmailMultiAlternatives(
        subject=liquid.render(content.subject, values),
        body=WORDS * 30,
        from_email="Maison Verdier <bonjour@maison-verdier.example>",
        to=[message.address],
        headers={
            "Message-ID": make_msgid(domain="maison-verdier.example"),
            "List-Unsubscribe": f"<https://mail.maison-verdier.example/u/{leave}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        },
    )
    mail.attach_alternative(html, "text/html")
    return mail.message().as_bytes(linesep="\r\n")


def _best(work: Callable[[], object], count: int) -> float:
    """µs of CPU for one message, median of five runs."""
    times = []
    for _run in range(5):
        start = process_time()
        work()
        times.append((process_time() - start) / count * 1e6)
    return statistics.median(times)


if __name__ == "__main__":
    main()
