"""The official Python SDK, as it comes, against a running vault: all six operations, and what it makes of the answers."""

import asyncio
import re
import uuid
from datetime import datetime, timezone

import pytest
from okta.client import Client
from okta.models.embedded import Embedded
from okta.models.hook_key import HookKey
from okta.models.key_request import KeyRequest


@pytest.fixture
def client():
    # Address and token come from the environment that `hookvault dev` prints.
    return Client()


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


@pytest.mark.asyncio
async def test_all_six_operations(client):
    created = ok(await client.create_hook_key(request("python key")))
    check_key(created, "python key")
    check_jwk(created.embedded, created.key_id)

    got = ok(await client.get_hook_key(created.id))
    assert isinstance(got, HookKey)
    check_key(got, "python key")
    assert (got.id, got.key_id, got.created) == (created.id, created.key_id, created.created)

    listed = ok(await client.list_hook_keys())
    assert [key.id for key in listed] == [created.id]
    check_key(listed[0], "python key")

    public = ok(await client.get_public_key(created.key_id))
    check_jwk(public, created.key_id)
    assert public.n == created.embedded.n

    replaced = ok(await client.replace_hook_key(created.id, request("python key, renamed")))
    check_key(replaced, "python key, renamed")
    check_jwk(replaced.embedded, created.key_id)
    assert replaced.embedded.n == created.embedded.n

    ok(await client.delete_hook_key(created.id))
    assert ok(await client.list_hook_keys()) == []


@pytest.mark.asyncio
async def test_errors_arrive_as_the_sdk_reads_them(client):
    _, response, error = await client.get_hook_key("HKY00000000000000000")
    assert "E0000007" in str(error)
    assert "HKY00000000000000000 (HookKey)" in str(error)

    first = ok(await client.create_hook_key(request("python twice")))
    _, response, error = await client.create_hook_key(request("python twice"))
    assert "E0000001" in str(error)
    assert "An object with this field already exists in the current organization" in str(error)
    ok(await client.delete_hook_key(first.id))


@pytest.mark.asyncio
async def test_many_at_once(client):
    created = await asyncio.gather(*(client.create_hook_key(request(f"python {n}")) for n in range(10)))
    ids = {ok(result).id for result in created}
    assert len(ids) == 10
    for deleted in await asyncio.gather(*(client.delete_hook_key(key_id) for key_id in ids)):
        ok(deleted)
