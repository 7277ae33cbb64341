"""The API as Django's views: the same answers as the door gives, one call at a time, and the state of a message."""

from http import HTTPStatus
from uuid import UUID

from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from accounts.api_keys import keys_of
from accounts.models import ApiKey
from common.gathering import NotStored
from common.policies import public_policy
from transactional.accepting import answer_all
from transactional.calls import HEADERS, Post, Refused, Reply, authorised, refusal, too_large, unavailable
from transactional.queries import story_of
from transactional.tasks import ring


@csrf_exempt
@login_not_required
@public_policy
@require_POST
def messages(request: HttpRequest) -> HttpResponse:
    """One message, or up to 500: durable before the answer."""
    try:
        post = _post(request, request.body)
    except RequestDataTooBig:
        return _response(too_large().reply)
    try:
        (reply,) = answer_all([post], at=timezone.now())
    except NotStored:
        return _response(unavailable())
    if reply.status == HTTPStatus.ACCEPTED:
        ring()
    return _response(reply)


@csrf_exempt
@login_not_required
@public_policy
@require_GET
def message(request: HttpRequest, name: UUID) -> HttpResponse:
    """What became of a message. Another key's message and none get one answer."""
    post = _post(request, b"")
    try:
        key = authorised(post, keys_of([post.secret]), scope=ApiKey.Scope.READ)
        story = story_of(name, key=key)
        if story is None:
            raise refusal(HTTPStatus.NOT_FOUND, "not_found", "This API key has no message with this id.")
    except Refused as refused:
        return _response(refused.reply)
    return _response(Reply(HTTPStatus.OK, story))


def _post(request: HttpRequest, body: bytes) -> Post:
    return Post(request.headers.get("Authorization", ""), request.headers.get("Idempotency-Key", ""), body)


def _response(reply: Reply) -> HttpResponse:
    return HttpResponse(reply.body, status=int(reply.status), headers={**HEADERS, **reply.headers})
