"""The records a provider's own API names for a domain, each in its own words."""

import pytest

from delivery.alignment.told import records_told
from delivery.models import Provider
from tests.delivery.lanes.api import OPTIONS, Api

pytestmark = pytest.mark.django_db

TOLD = {
    "brevo": ({"dns_records": {"dkim_record": {"type": "TXT", "value": "k=rsa;p=AB", "host_name": "mail._domainkey."},
              "brevo_code": {"type": "TXT", "value": "brevo-code:1", "host_name": "@"}}},
              [("mail._domainkey.verdier.fr", "k=rsa;p=AB")]),
    "mailgun": ({"sending_dns_records": [
        {"record_type": "TXT", "name": "verdier.fr", "value": "v=spf1 include:mailgun.org ~all"},
        {"record_type": "TXT", "name": "k1._domainkey.verdier.fr", "value": "k=rsa; p=AB"}]},
        [("k1._domainkey.verdier.fr", "k=rsa; p=AB")]),
    "mailjet": ({"Count": 1, "Data": [{"DKIMRecordName": "mailjet._domainkey.verdier.fr.", "DKIMStatus": "OK",
                 "DKIMRecordValue": "k=rsa; p=AB", "Domain": "verdier.fr"}]},
                [("mailjet._domainkey.verdier.fr", "k=rsa; p=AB")]),
    "mailersend": ({"data": [{"id": "7", "name": "verdier.fr"}], "spf": {"hostname": "verdier.fr", "value": "v=spf1"},
                    "dkim": {"hostname": "mlsend2._domainkey", "type": "CNAME", "value": "mlsend2.mailersend.net"}},
                   [("mlsend2._domainkey.verdier.fr", "mlsend2.mailersend.net")]),
    "resend": ({"data": [{"id": "7", "name": "verdier.fr"}], "records": [
        {"record": "DKIM", "name": "resend._domainkey", "type": "TXT", "value": "p=AB"}]},
        [("resend._domainkey.verdier.fr", "p=AB")]),
    "scaleway": ({"domains": [{"name": "verdier.fr", "dkim_name": "u-1._domainkey.verdier.fr.",
                  "dkim_config": "v=DKIM1; p=AB"}]}, [("u-1._domainkey.verdier.fr", "v=DKIM1; p=AB")]),
    "sendgrid": ([{"domain": "verdier.fr", "dns": {
        "mail_cname": {"host": "em1.verdier.fr", "data": "u1.sendgrid.net"},
        "dkim1": {"host": "s1._domainkey.verdier.fr", "data": "s1.domainkey.u1.wl1.sendgrid.net"},
        "dkim2": {"host": "s2._domainkey.verdier.fr", "data": "s2.domainkey.u1.wl1.sendgrid.net"}}},
        {"domain": "x.fr", "dns": {"dkim1": {"host": "s1._domainkey.news.verdier.fr", "data": "s1.other"}}}],
        [("s1._domainkey.verdier.fr", "s1.domainkey.u1.wl1.sendgrid.net"),
         ("s2._domainkey.verdier.fr", "s2.domainkey.u1.wl1.sendgrid.net")]),
    "sparkpost": ({"results": {"status": {"dkim_status": "valid"}, "dkim": {"selector": "scph1126", "public": "AB"}}},
                  [("scph1126._domainkey.verdier.fr", "v=DKIM1; k=rsa; h=sha256; p=AB")]),
    "amazon_ses": ({"DkimAttributes": {"SigningAttributesOrigin": "AWS_SES", "Tokens": ["t1", "t2"]}},
                   [("t1._domainkey.verdier.fr", "t1.dkim.amazonses.com"),
                    ("t2._domainkey.verdier.fr", "t2.dkim.amazonses.com")]),
}  # fmt: skip


def account(kind: str, api: Api) -> Provider:
    options = OPTIONS.get(kind, {}) | {"api_url": api.url}
    secrets = {"api_key": "x", "api_token": "x", "secret_key": "x", "aws_secret_access_key": "x"}
    return Provider.objects.create(name=kind, kind=kind, options=options, credentials=secrets)


@pytest.mark.parametrize("kind", TOLD)
def test_the_providers_api_names_the_records_where_it_knows_the_domain(kind: str) -> None:
    answer, records = TOLD[kind]
    api = Api(kind)
    api.moods = [lambda *_: (200, answer)] * 2
    try:
        found = records_told(account(kind, api), ["verdier.fr"])
    finally:
        api.close()

    assert [(one.name, one.value) for one in found or ()] == records


@pytest.mark.parametrize("kind", ["mailgun", "sparkpost", "amazon_ses"])
def test_a_domain_the_account_does_not_know_is_told_apart_from_no_answer(kind: str) -> None:
    api = Api(kind)
    api.headers = {"x-amzn-ErrorType": "NotFoundException"}
    api.status = 404
    try:
        provider = account(kind, api)
        assert records_told(provider, ["verdier.fr"]) == ()
        api.headers, api.status = {}, 403
        assert records_told(provider, ["verdier.fr"]) is None, "a key that may only send"
    finally:
        api.close()
