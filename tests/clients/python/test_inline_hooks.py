"""The official Python SDK, as it comes, drives inline hooks: all operations but execute, and what it makes of the answers.

Execute is left to the Node SDK: this one takes any answer of a hook for the answers of several types, and raises."""

import re
from datetime import datetime, timezone

import pytest
import pytest_asyncio
from okta.client import Client
from okta.models.inline_hook_channel_config_auth_scheme_body import InlineHookChannelConfigAuthSchemeBody
from okta.models.inline_hook_channel_config_headers import InlineHookChannelConfigHeaders
from okta.models.inline_hook_channel_http import InlineHookChannelHttp
from okta.models.inline_hook_channel_http_create import InlineHookChannelHttpCreate
from okta.models.inline_hook_channel_o_auth import InlineHookChannelOAuth
from okta.models.inline_hook_channel_o_auth_create import InlineHookChannelOAuthCreate
from okta.models.inline_hook_channel_type import InlineHookChannelType
from okta.models.inline_hook_create import InlineHookCreate
from okta.models.inline_hook_http_config_create import InlineHookHttpConfigCreate
from okta.models.inline_hook_o_auth_client_secret_config_create import InlineHookOAuthClientSecretConfigCreate
from okta.models.inline_hook_o_auth_private_key_jwt_config import InlineHookOAuthPrivateKeyJwtConfig
from okta.models.inline_hook_replace import InlineHookReplace
from okta.models.inline_hook_status import InlineHookStatus
from okta.models.inline_hook_type import InlineHookType
from okta.models.key_request import KeyRequest

PRE_REGISTRATION = InlineHookType("com.okta.user.pre-registration")
TOKENS = InlineHookType("com.okta.oauth2.tokens.transform")
SECRET = "correct horse battery staple"


@pytest.fixture
def client():
    # Address and token come from the environment that `hookvault dev` prints.
    return Client()


@pytest_asyncio.fixture
async def key(client):
    key = ok(await client.create_hook_key(KeyRequest(name="python, hooks")))
    yield key
    ok(await client.delete_hook_key(key.id))


@pytest_asyncio.fixture
async def create(client, key):
    """Creates hooks that are gone when the test is over, and before the key that they may use."""
    made = []

    async def create(name, channel, type=PRE_REGISTRATION):
        body = InlineHookCreate(name=name, type=type, version="1.0.0", channel=channel)
        hook = ok(await client.create_inline_hook(body))
        made.append(hook.id)
        return hook

    yield create
    for hook_id in made:
        await client.deactivate_inline_hook(hook_id)
        await client.delete_inline_hook(hook_id)


def ok(result):
    """The SDK returns (data, response, error) or, without data, (response, error)."""
    assert result[-1] is None, result[-1]
    return result[0]


def http(uri="https://hook.example/http", value=SECRET):
    scheme = InlineHookChannelConfigAuthSchemeBody(type="HEADER", key="Authorization", value=value)
    headers = [InlineHookChannelConfigHeaders(key="X-Made-By", value="python")]
    config = InlineHookHttpConfigCreate(uri=uri, headers=headers, method="POST", auth_scheme=scheme)
    return InlineHookChannelHttpCreate(type="HTTP", version="1.0.0", config=config)


def oauth(config):
    # The SDK's own classes of configurations don't pass its own check of the channel, so the check is left out.
    return InlineHookChannelOAuthCreate.model_construct(type=InlineHookChannelType.OAUTH, version="1.0.0", config=config)


def client_secret():
    return oauth(
        InlineHookOAuthClientSecretConfigCreate(
            uri="https://hook.example/secret",
            method="POST",
            auth_type="client_secret_post",
            client_id="abc123",
            client_secret=SECRET,
            token_url="https://login.example/token",
            scope="hook",
        )
    )


def private_key(key_id):
    return oauth(
        InlineHookOAuthPrivateKeyJwtConfig(
            uri="https://hook.example/key",
            method="POST",
            auth_type="private_key_jwt",
            client_id="abc123",
            hook_key_id=key_id,
            token_url="https://login.example/token",
            scope="hook",
        )
    )


def check_hook(hook, name, status=InlineHookStatus.ACTIVE, type=PRE_REGISTRATION):
    assert re.fullmatch(r"cal[0-9A-Za-z]{17}", hook.id)
    assert (hook.name, hook.type, hook.status, hook.version) == (name, type, status, "1.0.0")
    for moment in (hook.created, hook.last_updated):
        assert isinstance(moment, datetime)
        assert abs((datetime.now(timezone.utc) - moment).total_seconds()) < 60
    assert hook.links.var_self.href.endswith(f"/api/v1/inlineHooks/{hook.id}")
    assert hook.links.var_self.hints is None
    if status == InlineHookStatus.ACTIVE:
        assert hook.links.deactivate.href.endswith(f"/{hook.id}/lifecycle/deactivate")
        assert hook.links.execute.href.endswith(f"/{hook.id}/execute")
    else:
        assert hook.links.activate.href.endswith(f"/{hook.id}/lifecycle/activate")
        assert hook.links.delete.href.endswith(f"/{hook.id}")


def check_http(channel, uri="https://hook.example/http"):
    assert isinstance(channel, InlineHookChannelHttp)
    assert (channel.type, channel.version) == (InlineHookChannelType.HTTP, "1.0.0")
    assert (channel.config.uri, channel.config.method) == (uri, "POST")
    assert [(header.key, header.value) for header in channel.config.headers] == [("X-Made-By", "python")]


def check_oauth(channel, auth_type):
    # Of this configuration the SDK reads no more.
    assert isinstance(channel, InlineHookChannelOAuth)
    assert (channel.type, channel.config.auth_type) == (InlineHookChannelType.OAUTH, auth_type)


async def raw(client, hook_id):
    """The bytes of an answer: no class of the SDK has a place for a secret, so only they can show one."""
    _, response, error = await client.get_inline_hook(hook_id)
    assert error is None, error
    return response.raw_data.decode()


@pytest.mark.asyncio
async def test_each_kind_of_channel_comes_back_without_its_secret(client, create, key):
    hook = await create("python http", http())
    check_hook(hook, "python http")
    check_http(hook.channel)
    check_http(ok(await client.get_inline_hook(hook.id)).channel)
    shown = await raw(client, hook.id)
    assert '"authScheme":{' in shown and SECRET not in shown

    hook = await create("python secret", client_secret())
    check_hook(hook, "python secret")
    check_oauth(hook.channel, "client_secret_post")
    shown = await raw(client, hook.id)
    assert '"clientId":"abc123"' in shown and SECRET not in shown

    hook = await create("python key", private_key(key.id))
    check_hook(hook, "python key")
    check_oauth(hook.channel, "private_key_jwt")
    assert f'"hookKeyId":"{key.id}"' in await raw(client, hook.id)
    assert ok(await client.get_hook_key(key.id)).is_used == "true"


@pytest.mark.asyncio
async def test_list_whole_and_by_type(client, create):
    first = await create("python first", http())
    second = await create("python second", client_secret(), TOKENS)
    listed = ok(await client.list_inline_hooks())
    assert [hook.id for hook in listed] == [first.id, second.id]
    check_hook(listed[0], "python first")
    check_hook(listed[1], "python second", type=TOKENS)
    assert [hook.id for hook in ok(await client.list_inline_hooks(type=TOKENS.value))] == [second.id]
    assert ok(await client.list_inline_hooks(type="com.okta.saml.tokens.transform")) == []


@pytest.mark.asyncio
async def test_replace_wants_the_secret_again(client, create):
    hook = await create("python replace", http())
    moved = InlineHookReplace(name="python replaced", version="1.0.0", channel=http(uri="https://hook.example/moved"))
    replaced = ok(await client.replace_inline_hook(hook.id, moved))
    check_hook(replaced, "python replaced")
    check_http(replaced.channel, "https://hook.example/moved")

    secretless = InlineHookReplace(name="python replaced", version="1.0.0", channel=http(value=None))
    _, _, error = await client.replace_inline_hook(hook.id, secretless)
    assert "E0000001" in str(error)
    check_http(ok(await client.get_inline_hook(hook.id)).channel, "https://hook.example/moved")


@pytest.mark.asyncio
async def test_a_partial_update_keeps_what_it_does_not_name(client, create, key):
    """This SDK reads less than there is, so what it sends back has holes: they are no changes."""
    for channel in (http(), client_secret(), private_key(key.id)):
        hook = await create(f"python {channel.config.uri}", channel)
        before = await raw(client, hook.id)

        named = ok(await client.update_inline_hook(hook.id, InlineHookReplace(name="python named")))
        check_hook(named, "python named")

        read = InlineHookReplace.from_dict(ok(await client.get_inline_hook(hook.id)).to_dict())
        read.name = hook.name
        check_hook(ok(await client.update_inline_hook(hook.id, read)), hook.name)

        moment = re.compile(r'"lastUpdated":"[^"]*"')
        assert moment.sub("", await raw(client, hook.id)) == moment.sub("", before)


@pytest.mark.asyncio
async def test_deactivate_activate_delete(client, create):
    hook = await create("python life", http())
    assert (await client.delete_inline_hook(hook.id))[-1] is not None
    check_hook(ok(await client.get_inline_hook(hook.id)), "python life")

    check_hook(ok(await client.deactivate_inline_hook(hook.id)), "python life", InlineHookStatus.INACTIVE)
    check_hook(ok(await client.get_inline_hook(hook.id)), "python life", InlineHookStatus.INACTIVE)
    check_hook(ok(await client.activate_inline_hook(hook.id)), "python life")
    ok(await client.deactivate_inline_hook(hook.id))
    ok(await client.delete_inline_hook(hook.id))

    _, _, error = await client.get_inline_hook(hook.id)
    assert "E0000007" in str(error)
    assert f"{hook.id} (InlineHook)" in str(error)
    assert ok(await client.list_inline_hooks()) == []


@pytest.mark.asyncio
async def test_a_key_in_use_stays_and_the_refusal_names_the_hook(client, create, key):
    hook = await create("python user of a key", private_key(key.id))
    _, error = await client.delete_hook_key(key.id)
    assert "E0000006" in str(error)
    assert "python user of a key" in str(error)
    ok(await client.deactivate_inline_hook(hook.id))
    ok(await client.delete_inline_hook(hook.id))
    # The fixture deletes the key, which is allowed now.
    assert ok(await client.get_hook_key(key.id)).is_used == "false"
