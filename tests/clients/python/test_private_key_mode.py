"""The official Python SDK in the mode PrivateKey: it gets access tokens for a service app, with DPoP and without."""

import os
import shlex
import subprocess

import jwt
import pytest
from jwcrypto.jwk import JWK
from okta.client import Client
from six_operations import all_six_operations, ok, request

VAULT = os.environ["OKTA_CLIENT_ORGURL"]
MANAGE = "okta.inlineHooks.manage"
READ = "okta.inlineHooks.read"


def named(flags):
    return " ".join(flags) or "no flags"


def hookvault(*words):
    command = [os.environ["VAULT_BINARY"], *words, "--data-dir", os.environ["VAULT_DATA_DIR"]]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


class App:
    """A service app, and the environment that its creation prints."""

    def __init__(self, name, scopes, flags):
        asked = [word for scope in scopes for word in ("--scope", scope)]
        screen = hookvault("app", "create", "--name", name, *asked, "--generate", *flags)
        # The words as a shell reads them.
        self.environment = dict(word.split("=", 1) for word in shlex.split(screen) if word != "export")
        self.client_id = self.environment["OKTA_CLIENT_CLIENTID"]


@pytest.fixture
def create():
    """Creates service apps that are gone when the test is over."""
    made = []

    def create(name, *flags, scopes=(MANAGE,)):
        made.append(App(name, scopes, flags))
        return made[-1]

    yield create
    for app in made:
        hookvault("app", "deactivate", app.client_id)
        hookvault("app", "delete", app.client_id)


@pytest.fixture
def connect(monkeypatch):
    """Makes the client of a user who pasted what the creation of an app has printed."""
    # Nothing else can authenticate.
    monkeypatch.delenv("OKTA_CLIENT_TOKEN")

    def connect(app, **more):
        with monkeypatch.context() as pasted:
            for name, value in (app.environment | more).items():
                pasted.setenv(name, value)
            return Client()

    return connect


def oauth(client):
    # The SDK has no other place that tells the type of a token.
    return client.get_request_executor()._oauth


async def token(client):
    """The access token that the client uses, and its type."""
    value, token_type, error = await oauth(client).get_oauth_token()
    assert error is None, error
    return value, token_type


def check_refusal(error, status, code, challenge):
    """An error of the API; the SDK reads its body only where it is JSON."""
    assert (error.status, error.error_code) == (status, code), error
    assert error.headers["Content-Type"] == "application/json"
    for part in [f'realm="{VAULT}"', *challenge]:
        assert part in error.headers["WWW-Authenticate"]


@pytest.mark.asyncio
@pytest.mark.parametrize("flags", [[], ["--pem"], ["--dpop"], ["--dpop", "--pem"]], ids=named)
async def test_all_six_operations(create, connect, flags):
    client = connect(create("python, six operations", *flags))
    await all_six_operations(client, "python key by token")
    assert (await token(client))[1] == ("DPoP" if "--dpop" in flags else "Bearer")


@pytest.mark.asyncio
async def test_a_proof_that_nobody_asked_for_is_ignored(create, connect):
    client = connect(create("python, not bound"), OKTA_CLIENT_DPOPENABLED="true")
    await all_six_operations(client, "python key, needless proof")
    assert (await token(client))[1] == "Bearer"


@pytest.mark.asyncio
async def test_a_bound_app_gets_nothing_without_a_proof(create, connect):
    client = connect(create("python, bound", "--dpop"), OKTA_CLIENT_DPOPENABLED="false")
    _, _, error = await client.list_hook_keys()
    assert (error.status, error.error_code) == (400, "invalid_dpop_proof")
    assert error.error_summary == "The DPoP proof JWT header is missing."


@pytest.mark.asyncio
@pytest.mark.parametrize("flags", [[], ["--dpop"]], ids=named)
async def test_a_deactivated_app_is_out_at_once(create, connect, flags):
    app = create("python, deactivated", *flags)
    client = connect(app)
    assert ok(await client.list_hook_keys()) == []
    before = await token(client)

    hookvault("app", "deactivate", app.client_id)
    _, _, error = await client.list_hook_keys()
    check_refusal(error, 401, "E0000011", ['error="invalid_token"', "deleted, deactivated"])
    # Nor is there a new token.
    _, _, error = await connect(app).list_hook_keys()
    assert (error.status, error.error_code) == (401, "invalid_client")

    hookvault("app", "activate", app.client_id)
    # The token of before stays dead, and this SDK goes on with it; a new client gets a new one.
    _, _, error = await client.list_hook_keys()
    check_refusal(error, 401, "E0000011", ['error="invalid_token"'])
    assert await token(client) == before
    assert ok(await connect(app).list_hook_keys()) == []


@pytest.mark.asyncio
@pytest.mark.parametrize("flags", [[], ["--dpop"]], ids=named)
async def test_pyjwt_verifies_access_tokens(create, connect, flags):
    scopes = [MANAGE, "hookvault.keys.use"]
    app = create("python, verified", *flags, scopes=scopes)
    client = connect(app)
    access_token, _ = await token(client)
    keys = jwt.PyJWKClient(f"{VAULT}/oauth2/v1/keys")

    def read(**expected):
        signer = keys.get_signing_key_from_jwt(access_token)
        options = {"require": ["iss", "aud", "sub", "iat", "exp", "jti"]}
        return jwt.decode(access_token, signer, algorithms=["RS256"], options=options, **expected)

    claims = read(issuer=VAULT, audience=VAULT, subject=app.client_id)
    assert (claims["ver"], claims["cid"], claims["scp"]) == (1, app.client_id, scopes)
    assert claims["exp"] - claims["iat"] == 3600
    assert claims["jti"].startswith("AT.")
    if flags:
        # The SDK makes a key for its proofs; the token names it by its thumbprint (RFC 9449, clause 6.1).
        proofs = JWK(**oauth(client).get_dpop_generator().get_public_jwk())
        assert claims["cnf"] == {"jkt": proofs.thumbprint()}
    else:
        assert "cnf" not in claims

    with pytest.raises(jwt.InvalidAudienceError):
        read(issuer=VAULT, audience="https://other.example")
    with pytest.raises(jwt.InvalidIssuerError):
        read(issuer="https://other.example", audience=VAULT)
    # The keys of hooks are others: who may sign for a hook can make no access token.
    hook_key = ok(await client.create_hook_key(request("python, no key of tokens")))
    hook_keys = jwt.PyJWKClient(f"{VAULT}/.well-known/jwks.json")
    with pytest.raises(jwt.PyJWKClientError, match="Unable to find a signing key"):
        hook_keys.get_signing_key_from_jwt(access_token)
    assert [key.key_id for key in hook_keys.get_signing_keys()] == [hook_key.key_id]
    ok(await client.delete_hook_key(hook_key.id))


@pytest.mark.asyncio
async def test_a_scope_too_small_is_told_in_body_and_header(create, connect):
    client = connect(create("python, reader", scopes=[READ]))
    assert ok(await client.list_hook_keys()) == []
    _, _, error = await client.create_hook_key(request("python, not allowed"))
    check_refusal(error, 403, "E0000006", ['error="insufficient_scope"', f'scope="{MANAGE}"'])
    assert ok(await client.list_hook_keys()) == []


@pytest.mark.asyncio
async def test_nobody_gets_a_scope_by_asking_for_it(create, connect):
    app = create("python, asks for more", scopes=[READ])
    client = connect(app, OKTA_CLIENT_SCOPES=f"{READ} {MANAGE}")
    _, _, error = await client.create_hook_key(request("python, asked for more"))
    assert (error.status, error.error_code) == (403, "E0000006")

    _, _, error = await connect(app, OKTA_CLIENT_SCOPES=MANAGE).list_hook_keys()
    assert (error.status, error.error_code) == (400, "consent_required")
