"""The vault's own document under a strict validator."""

import json
import os
import urllib.request

from openapi_spec_validator import OpenAPIV31SpecValidator

FORM = {"errorCode", "errorSummary", "errorLink", "errorId", "errorCauses"}
# RFC 6749, clause 5.2.
OAUTH_FORM = {"error", "error_description"}
OAUTH_PATHS = ("/oauth2/v1/token", "/.well-known/oauth-authorization-server", "/.well-known/openid-configuration")


def test_the_document_is_valid():
    url = os.environ["OKTA_CLIENT_ORGURL"] + "/openapi.json"
    with urllib.request.urlopen(url) as answer:
        assert answer.headers["Content-Type"] == "application/json"
        document = json.load(answer)
    assert [error.message for error in OpenAPIV31SpecValidator(document).iter_errors()] == []


def test_every_example_of_an_error_has_its_form():
    url = os.environ["OKTA_CLIENT_ORGURL"] + "/openapi.json"
    with urllib.request.urlopen(url) as answer:
        document = json.load(answer)
    seen = 0
    for path, item in document["paths"].items():
        for method, operation in item.items():
            assert operation["operationId"] and operation["summary"], (method, path)
            for status, response in operation["responses"].items():
                if not status.startswith(("4", "5")):
                    continue
                content = response["content"]["application/json"]
                assert content["examples"], (method, path, status)
                # What is wrong with a token request, or with the address of its endpoint, is told as OAuth has it.
                oauth = content["schema"]["$ref"].endswith("/OAuthError")
                assert not oauth or path in OAUTH_PATHS, (path, status)
                for example in content["examples"].values():
                    assert set(example["value"]) == (OAUTH_FORM if oauth else FORM)
                    seen += 1
    assert seen > 20
