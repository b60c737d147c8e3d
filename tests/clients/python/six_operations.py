"""All six operations of the official Python SDK on hook keys, for a client however it authenticates."""

import re
import uuid
from datetime import datetime, timezone

from okta.models.embedded import Embedded
from okta.models.hook_key import HookKey
from okta.models.key_request import KeyRequest


def request(name):
    return KeyRequest(name=name)


def ok(result):
    """The SDK returns (data, response, error) or, without data, (response, error)."""
    assert result[-1] is None, result[-1]
    return result[0]


def check_key(key, name):
    assert re.fullmatch(r"HKY[0-9A-Za-z]{17}", key.id)
    assert str(uuid.UUID(key.key_id, version=4)) == key.key_id
    assert key.name == name
    for moment in (key.created, key.last_updated):
        assert isinstance(moment, datetime)
        assert abs((datetime.now(timezone.utc) - moment).total_seconds()) < 60
    # The SDK's model says that this is a string.
    assert key.is_used == "false"


def check_jwk(jwk, kid):
    assert isinstance(jwk, Embedded)
    assert (jwk.kty, jwk.alg, jwk.kid, jwk.use, jwk.e) == ("RSA", "RSA", kid, None, "AQAB")
    assert re.fullmatch(r"[A-Za-z0-9_-]{342}", jwk.n)


async def all_six_operations(client, name):
    """Leaves nothing, and expects that there is nothing before."""
    created = ok(await client.create_hook_key(request(name)))
    check_key(created, name)
    check_jwk(created.embedded, created.key_id)

    got = ok(await client.get_hook_key(created.id))
    assert isinstance(got, HookKey)
    check_key(got, name)
    assert (got.id, got.key_id, got.created) == (created.id, created.key_id, created.created)

    listed = ok(await client.list_hook_keys())
    assert [key.id for key in listed] == [created.id]
    check_key(listed[0], name)

    public = ok(await client.get_public_key(created.key_id))
    check_jwk(public, created.key_id)
    assert public.n == created.embedded.n

    replaced = ok(await client.replace_hook_key(created.id, request(f"{name}, renamed")))
    check_key(replaced, f"{name}, renamed")
    check_jwk(replaced.embedded, created.key_id)
    assert replaced.embedded.n == created.embedded.n

    ok(await client.delete_hook_key(created.id))
    assert ok(await client.list_hook_keys()) == []
