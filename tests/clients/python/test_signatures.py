"""What the vault signs, under the eyes of PyJWT, which knows the published key sets and nothing else."""

import base64
import json
import os
import time
import urllib.parse
import urllib.request

import jwt
import pytest
import pytest_asyncio
from okta.client import Client
from okta.models.key_request import KeyRequest

VAULT = os.environ["OKTA_CLIENT_ORGURL"]
AUDIENCE = "https://login.example/oauth2/token"


@pytest_asyncio.fixture
async def key():
    client = Client()
    created, _, error = await client.create_hook_key(KeyRequest(name="python, signatures"))
    assert error is None, error
    yield created
    assert (await client.delete_hook_key(created.id))[-1] is None


@pytest.fixture(params=["all", "one"])
def key_set(request, key):
    """Both key sets that hold the key."""
    path = "/.well-known/jwks.json" if request.param == "all" else f"/vault/v1/hook-keys/{key.id}/jwks.json"
    return jwt.PyJWKClient(VAULT + path)


def post(path, body):
    """The vault's own part of the API, for which the SDK has no methods."""
    headers = {"Authorization": "SSWS " + os.environ["OKTA_CLIENT_TOKEN"], "Content-Type": "application/json"}
    request = urllib.request.Request(VAULT + path, json.dumps(body).encode(), headers)
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


def read(key_set, token, **expected):
    signer = key_set.get_signing_key_from_jwt(token)
    options = {"require": ["iat", "exp", "jti"]}
    return jwt.decode(token, signer, algorithms=["RS256"], options=options, **expected)


def alter(token, **changes):
    """Signed bytes in which some claims were changed."""
    header, payload, signature = token.split(".")
    claims = json.loads(base64.urlsafe_b64decode(payload + "=="))
    changed = base64.urlsafe_b64encode(json.dumps(claims | changes).encode()).rstrip(b"=").decode()
    return ".".join([header, changed, signature])


def test_client_assertions_verify(key, key_set):
    path = f"/vault/v1/hook-keys/{key.id}/client-assertions"
    answer = post(path, {"clientId": "abc123", "audience": AUDIENCE, "ttl": 90})
    assert answer["client_assertion_type"] == "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    assertion = answer["client_assertion"]
    assert jwt.get_unverified_header(assertion) == {"alg": "RS256", "kid": key.key_id, "typ": "JWT"}

    claims = read(key_set, assertion, issuer="abc123", subject="abc123", audience=AUDIENCE)
    assert abs(time.time() - claims["iat"]) < 60
    assert claims["exp"] - claims["iat"] == 90

    with pytest.raises(jwt.InvalidAudienceError):
        read(key_set, assertion, audience="https://other.example")
    with pytest.raises(jwt.InvalidSignatureError):
        read(key_set, alter(assertion, sub="someone else"), audience=AUDIENCE)


def test_jwts_verify_and_the_key_goes_by_its_name_too(key, key_set):
    claims = {"iss": "https://vault.example", "sub": "me", "aud": "you", "list": [1, "two", None], "text": "grüße"}
    path = f"/vault/v1/hook-keys/{urllib.parse.quote(key.name)}/jwts"
    token = post(path, {"claims": claims, "ttl": 60})["jwt"]

    seen = read(key_set, token, issuer=claims["iss"], subject="me", audience="you")
    assert {name: seen[name] for name in claims} == claims
    assert set(seen) - set(claims) == {"iat", "exp", "jti"}
    assert seen["exp"] - seen["iat"] == 60

    with pytest.raises(jwt.InvalidSignatureError):
        read(key_set, alter(token, exp=seen["exp"] + 1), audience="you")
