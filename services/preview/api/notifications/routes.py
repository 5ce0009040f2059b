"""/api/notifications: outgoing webhooks and mails of the shop."""

from __future__ import annotations

from datetime import UTC, datetime
from http import HTTPStatus

from services.preview.api.http.responses.pages import read_cursor, write_cursor
from services.preview.api.http.responses.problem import FieldProblem, ProblemError, conflict, invalid, unknown
from services.preview.api.http.route import Answer, AnyRoute, Call, NoParameters, Route
from services.preview.api.notifications.models import (
    ConfirmIn,
    DeliveryOut,
    DeliveryPage,
    DeliveryPath,
    DeliverySearch,
    MailAddressIn,
    MailMattersIn,
    NotificationsOut,
    TargetPath,
    WebhookTargetIn,
    WebhookTargetMade,
    WebhookTargetOut,
)
from services.preview.api.notifications.view import delivery_out, notifications_out, target_made, target_out
from shared.contract.outgoing import Notification, NotificationData
from shared.mongodb.notices.mail import MAX_ADDRESSES
from shared.mongodb.notices.recipients import Target
from shared.mongodb.notices.targets import MAX_TARGETS
from shared.schedules.outgoing_webhooks import new_secret, url_problem

TEST = "test"
"""`type` of a test."""


async def get_notifications(call: Call[NoParameters, None]) -> Answer:
    """GET /api/notifications."""
    return Answer(await _all(call.shop, call))


async def choose_matters(call: Call[NoParameters, MailMattersIn]) -> Answer:
    """PUT /api/notifications/mail."""
    await call.deps.mail.choose(call.shop, call.body.matters)
    return Answer(await _all(call.shop, call), subject="mail")


async def add_address(call: Call[NoParameters, MailAddressIn]) -> Answer:
    """POST /api/notifications/mail/addresses."""
    if await call.deps.mail.set_up() is None:
        raise conflict("no-mail", "body.address", "This installation sends no mails.", "Ask whoever runs it.")
    if not await call.deps.mail.add(call.shop, call.body.address, call.caller.user):
        message = f"The shop has {MAX_ADDRESSES} addresses, or has asked for too many codes today."
        raise conflict("too-many", "body.address", message, "Remove an address, or try again tomorrow.")
    return Answer(await _all(call.shop, call), subject="mail")


async def remove_address(call: Call[NoParameters, MailAddressIn]) -> Answer:
    """POST /api/notifications/mail/addresses/remove."""
    if not await call.deps.mail.remove(call.shop, call.body.address):
        raise _no_address()
    return Answer(await _all(call.shop, call), subject="mail")


async def confirm_address(call: Call[NoParameters, ConfirmIn]) -> Answer:
    """POST /api/notifications/mail/addresses/confirm."""
    if not await call.deps.mail.confirm(call.shop, call.body.address, call.body.code):
        remedy = "Enter the code of the latest mail, or have another one sent."
        problem = FieldProblem(field="body.code", message="That is not the code, or it is too old.", remedy=remedy)
        raise invalid([problem])
    return Answer(await _all(call.shop, call), subject="mail")


async def test_address(call: Call[NoParameters, MailAddressIn]) -> Answer:
    """POST /api/notifications/mail/addresses/test."""
    if not await call.deps.mail.ask_test(call.shop, call.body.address):
        raise _no_address()
    return Answer(None, HTTPStatus.ACCEPTED, subject="mail")


async def put_target(call: Call[TargetPath, WebhookTargetIn]) -> Answer:
    """PUT /api/notifications/targets/{target_id}."""
    body, target_id, targets = call.body, call.params.target_id, call.deps.targets
    problem = url_problem(body.url, private=call.deps.private_targets, ports=call.deps.target_ports)
    if problem is not None:
        remedy = "Give the https address of a host on the internet."
        raise invalid([FieldProblem(field="body.url", message=f"The address {problem}.", remedy=remedy)])
    there = await targets.all(call.shop)
    if all(one.target_id != target_id for one in there) and len(there) >= MAX_TARGETS:
        message = f"The shop has {MAX_TARGETS} addresses, the most there can be."
        raise conflict("too-many", "path.target_id", message, "Remove one first.")
    secret_of = await targets.put(
        call.shop, target_id, url=body.url, matters=body.matters, enabled=body.enabled, by=call.caller.user
    )
    if secret_of is not None and secret_of != call.made_id:
        return Answer(target_out(await _target(call, target_id)))
    return await _new_secret(call, HTTPStatus.CREATED)


async def get_target(call: Call[TargetPath, None]) -> Answer:
    """GET /api/notifications/targets/{target_id}."""
    return Answer(target_out(await _target(call, call.params.target_id)))


async def delete_target(call: Call[TargetPath, None]) -> Answer:
    """DELETE /api/notifications/targets/{target_id}."""
    if not await call.deps.targets.delete(call.shop, call.params.target_id):
        raise _no_target(call.params.target_id)
    return Answer(None, HTTPStatus.NO_CONTENT)


async def rotate_secret(call: Call[TargetPath, None]) -> Answer:
    """POST /api/notifications/targets/{target_id}/secret."""
    return await _new_secret(call, HTTPStatus.OK)


async def _new_secret(call: Call[TargetPath, None] | Call[TargetPath, WebhookTargetIn], status: HTTPStatus) -> Answer:
    """Make a secret, and show it this once; a request that is tried again finds the one that it has made."""
    target_id = call.params.target_id
    secret = await call.deps.targets.set_secret(call.shop, target_id, new_secret().encode(), made_by=call.made_id)
    if secret is None:
        raise _no_target(target_id)
    return Answer(target_made(await _target(call, target_id), secret.decode()), status)


async def test_target(call: Call[TargetPath, None]) -> Answer:
    """POST /api/notifications/targets/{target_id}/test."""
    target, name = await _target(call, call.params.target_id), call.made_id
    data = NotificationData(
        shop=call.shop,
        notice_id=name,
        subject="",
        urgency="news",
        count=1,
        title="Notifications reach this address",
        meaning="This is a test.",
        remedy="There is nothing to do.",
        facts={},
    )
    body = Notification(type=TEST, timestamp=datetime.now(UTC), data=data).model_dump_json()
    delivery_id = await call.deps.deliveries.make(target, f"{TEST}:{name}", TEST, body)
    return await _delivery(call.shop, call, delivery_id, HTTPStatus.ACCEPTED)


async def list_deliveries(call: Call[DeliverySearch, None]) -> Answer:
    """GET /api/notifications/targets/{target_id}/deliveries."""
    asked = call.params
    keys = read_cursor(asked.cursor, str)
    await _target(call, asked.target_id)
    page = await call.deps.deliveries.page(call.shop, asked.target_id, keys, asked.limit)
    items = [delivery_out(one) for one in page.items]
    return Answer(DeliveryPage(items=items, next_cursor=write_cursor(page.after)))


async def get_delivery(call: Call[DeliveryPath, None]) -> Answer:
    """GET /api/notifications/deliveries/{delivery_id}."""
    return await _delivery(call.shop, call, call.params.delivery_id, HTTPStatus.OK)


async def replay_delivery(call: Call[DeliveryPath, None]) -> Answer:
    """POST /api/notifications/deliveries/{delivery_id}/replay."""
    await call.deps.deliveries.replay(call.shop, call.params.delivery_id)
    return await _delivery(call.shop, call, call.params.delivery_id, HTTPStatus.ACCEPTED)


AnyCall = (
    Call[NoParameters, None]
    | Call[NoParameters, MailMattersIn]
    | Call[NoParameters, MailAddressIn]
    | Call[NoParameters, ConfirmIn]
)


async def _all(shop: str, call: AnyCall) -> NotificationsOut:
    deps = call.deps
    return notifications_out(await deps.mail.get(shop), await deps.mail.set_up(), await deps.targets.all(shop))


async def _target(
    call: Call[TargetPath, None] | Call[TargetPath, WebhookTargetIn] | Call[DeliverySearch, None], target_id: str
) -> Target:
    target = await call.deps.targets.get(call.shop, target_id)
    if target is None:
        raise _no_target(target_id)
    return target


async def _delivery(
    shop: str, call: Call[TargetPath, None] | Call[DeliveryPath, None], delivery_id: str, status: HTTPStatus
) -> Answer:
    delivery = await call.deps.deliveries.get(shop, delivery_id)
    if delivery is None:
        raise unknown("path.delivery_id", f"There is no delivery {delivery_id}.", "See the target's deliveries.")
    return Answer(delivery_out(delivery), status)


def _no_target(target_id: str) -> ProblemError:
    return unknown("path.target_id", f"There is no target {target_id}.", "See GET /api/notifications.")


def _no_address() -> ProblemError:
    return conflict("no-address", "body.address", "This address is not there, or not confirmed.", "Add it, confirm it.")


_TARGET, _MAIL = "/api/notifications/targets/{target_id}", "/api/notifications/mail"
_ADDRESS = f"{_MAIL}/addresses"

ROUTES: tuple[AnyRoute, ...] = (
    Route(
        method="GET",
        path="/api/notifications",
        name="getNotifications",
        tag="notifications",
        summary="Who is told of what, by which way",
        params=NoParameters,
        handler=get_notifications,
        answers={HTTPStatus.OK: NotificationsOut},
    ),
    Route(
        method="PUT",
        path=_MAIL,
        name="chooseMailMatters",
        act="notifications.change",
        tag="notifications",
        summary="Choose what is told by mail",
        params=NoParameters,
        handler=choose_matters,
        body=MailMattersIn,
        answers={HTTPStatus.OK: NotificationsOut},
    ),
    Route(
        method="POST",
        path=_ADDRESS,
        name="addMailAddress",
        act="notifications.change",
        tag="notifications",
        summary="Add an address of mail, or have another code sent to it",
        description="A code goes to it; it gets no other mails before that is entered.",
        params=NoParameters,
        handler=add_address,
        body=MailAddressIn,
        answers={HTTPStatus.OK: NotificationsOut},
        problems=(HTTPStatus.CONFLICT,),
    ),
    Route(
        method="POST",
        path=f"{_ADDRESS}/remove",
        name="removeMailAddress",
        act="notifications.change",
        tag="notifications",
        summary="Remove an address of mail",
        params=NoParameters,
        handler=remove_address,
        body=MailAddressIn,
        answers={HTTPStatus.OK: NotificationsOut},
        problems=(HTTPStatus.CONFLICT,),
    ),
    Route(
        method="POST",
        path=f"{_ADDRESS}/confirm",
        name="confirmMailAddress",
        act="notifications.change",
        tag="notifications",
        summary="Confirm an address of mail by the code that was sent to it",
        params=NoParameters,
        handler=confirm_address,
        body=ConfirmIn,
        answers={HTTPStatus.OK: NotificationsOut},
    ),
    Route(
        method="POST",
        path=f"{_ADDRESS}/test",
        name="testMailAddress",
        act="notifications.test",
        tag="notifications",
        summary="Send a test mail",
        params=NoParameters,
        handler=test_address,
        body=MailAddressIn,
        answers={HTTPStatus.ACCEPTED: None},
        problems=(HTTPStatus.CONFLICT,),
    ),
    Route(
        method="PUT",
        path=_TARGET,
        name="putTarget",
        act="notifications.change",
        tag="notifications",
        summary="Make or change an address of outgoing webhooks",
        description="The secret of a new one is made here and shown once. One that was switched off begins anew.",
        params=TargetPath,
        handler=put_target,
        body=WebhookTargetIn,
        answers={HTTPStatus.OK: WebhookTargetOut, HTTPStatus.CREATED: WebhookTargetMade},
        problems=(HTTPStatus.CONFLICT,),
    ),
    Route(
        method="GET",
        path=_TARGET,
        name="getTarget",
        tag="notifications",
        summary="One address of outgoing webhooks",
        params=TargetPath,
        handler=get_target,
        answers={HTTPStatus.OK: WebhookTargetOut},
        problems=(HTTPStatus.NOT_FOUND,),
    ),
    Route(
        method="DELETE",
        path=_TARGET,
        name="deleteTarget",
        act="notifications.change",
        tag="notifications",
        summary="Remove an address of outgoing webhooks; what is on its way is dropped",
        params=TargetPath,
        handler=delete_target,
        answers={HTTPStatus.NO_CONTENT: None},
        problems=(HTTPStatus.NOT_FOUND,),
    ),
    Route(
        method="POST",
        path=f"{_TARGET}/secret",
        name="rotateTargetSecret",
        act="notifications.change",
        tag="notifications",
        summary="Make a new secret; for a day deliveries are signed by the one before, too",
        params=TargetPath,
        handler=rotate_secret,
        answers={HTTPStatus.OK: WebhookTargetMade},
        problems=(HTTPStatus.NOT_FOUND,),
    ),
    Route(
        method="POST",
        path=f"{_TARGET}/test",
        name="testTarget",
        act="notifications.test",
        tag="notifications",
        summary="Send a test to an address of outgoing webhooks",
        params=TargetPath,
        handler=test_target,
        answers={HTTPStatus.ACCEPTED: DeliveryOut},
        problems=(HTTPStatus.NOT_FOUND,),
    ),
    Route(
        method="GET",
        path=f"{_TARGET}/deliveries",
        name="listDeliveries",
        tag="notifications",
        summary="What was sent to an address, the latest first",
        params=DeliverySearch,
        handler=list_deliveries,
        answers={HTTPStatus.OK: DeliveryPage},
        problems=(HTTPStatus.NOT_FOUND,),
    ),
    Route(
        method="GET",
        path="/api/notifications/deliveries/{delivery_id}",
        name="getDelivery",
        tag="notifications",
        summary="One delivery, with its body as it is signed",
        params=DeliveryPath,
        handler=get_delivery,
        answers={HTTPStatus.OK: DeliveryOut},
        problems=(HTTPStatus.NOT_FOUND,),
    ),
    Route(
        method="POST",
        path="/api/notifications/deliveries/{delivery_id}/replay",
        name="replayDelivery",
        act="notifications.replay",
        tag="notifications",
        summary="Send a delivery again, under its own id; one that is on its way goes on",
        params=DeliveryPath,
        handler=replay_delivery,
        answers={HTTPStatus.ACCEPTED: DeliveryOut},
        problems=(HTTPStatus.NOT_FOUND,),
    ),
)
