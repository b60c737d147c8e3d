"""The official Python SDK, as it comes, against a running vault: all six operations, and what it makes of the answers."""

import asyncio

import pytest
from okta.client import Client
from six_operations import all_six_operations, ok, request


@pytest.fixture
def client():
    # Address and token come from the environment that `hookvault dev` prints.
    return Client()


@pytest.mark.asyncio
async def test_all_six_operations(client):
    await all_six_operations(client, "python key")


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
