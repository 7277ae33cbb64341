"""Whether what the sink took is what was meant: a share of the messages, read by the standard library's parser."""

import re
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from urllib.parse import urlsplit

_URL = re.compile(r'(?:href|src)="(https?://[^"]+)"')


def check(folder: Path) -> int:
    """How many messages were read. Raises AssertionError for the first that is not as it should be."""
    from common.tokens import Purpose, decode

    seen: set[str] = set()
    paths = sorted(folder.glob("*.eml"))
    for path in paths:
        source = path.read_bytes()
        assert max(map(len, source.split(b"\r\n"))) <= 998, path
        mail = message_from_bytes(source, policy=policy.default)
        assert isinstance(mail, EmailMessage)
        assert not mail.defects
        for name in ("From", "To", "Subject", "Date", "Message-ID", "List-Unsubscribe", "List-Unsubscribe-Post"):
            assert len(mail.get_all(name, [])) == 1, (path, name)
        plain, html = mail.iter_parts()
        assert (plain.get_content_type(), html.get_content_type()) == ("text/plain", "text/html")
        assert not plain.defects
        assert not html.defects
        message = decode(str(mail["Message-ID"]).strip("<>").partition("@")[0], purpose=Purpose.MESSAGE).message
        leave = str(mail["List-Unsubscribe"]).strip("<>").rpartition("/")[2]
        assert decode(leave, purpose=Purpose.UNSUBSCRIBE).message == message
        urls = [urlsplit(url).path for url in _URL.findall(html.get_content())]
        clicks = {path.removeprefix("/c/") for path in urls if path.startswith("/c/")}
        links = {decode(token, purpose=Purpose.CLICK).link for token in clicks}
        assert len(clicks) == len(links) == 5, clicks
        assert {decode(token, purpose=Purpose.CLICK).message for token in clicks} == {message}
        (pixel,) = (path for path in urls if path.startswith("/o/"))
        assert decode(pixel.removeprefix("/o/").removesuffix(".gif"), purpose=Purpose.OPEN).message == message
        assert html.get_content().count("Zoé") == 1
        assert str(mail["Subject"]).startswith("Zoé")
        seen.add(str(mail["Message-ID"]))
    assert len(seen) == len(paths)
    return len(paths)
