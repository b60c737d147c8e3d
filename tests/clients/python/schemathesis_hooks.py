"""What schemathesis does besides (see test_schemathesis.py): where hooks lead, what valid bodies must fit, and what is no finding.

Nothing else is excluded: no operation, no check, no phase."""

import itertools
import json
import os
import re
from pathlib import Path

import requests
import schemathesis

VAULT = os.environ["VAULT"]
RECEIVER = os.environ["RECEIVER"]
API = {"Authorization": f"SSWS {os.environ['VAULT_TOKEN']}"}

CREATE_KEY = "POST /api/v1/hook-keys"
CREATE_HOOK = "POST /api/v1/inlineHooks"
UPDATE_HOOK = "POST /api/v1/inlineHooks/{id}"
REPLACE_HOOK = "PUT /api/v1/inlineHooks/{id}"
EXECUTE_HOOK = "POST /api/v1/inlineHooks/{id}/execute"
TOKEN = "POST /oauth2/v1/token"
IMPORT = "POST /vault/v1/hook-keys/import"
ROTATE = "POST /vault/v1/hook-keys/{key}/rotate"

# A private key that may be imported.
JWK = json.loads((Path(__file__).parents[3] / "src/crypto/import/testdata/jose_2048.json").read_text())

# A body that its schema allows is refused where it does not fit what is there already: words of the refusal, the only operation for
# which they are no finding (or all), and why no schema can say it.
REFUSALS = [
    ("An object with this field already exists in the current organization", None, "which names are taken changes"),
    ("There is no hook key", None, "which keys there are changes"),
    ("is not a registered consumer of the key", None, "who uses a key changes"),
    ("The inline hook is inactive", EXECUTE_HOOK, "a hook may be inactive"),
    ("The field does not apply here, and must be null", UPDATE_HOOK, "which members apply depends on the hook's own channel"),
    ("The field cannot be left blank", UPDATE_HOOK, "what a new channel needs depends on the old one"),
    ("key: The key ", IMPORT, "whether numbers are a sound key is beyond a schema"),
    ("jwe: The JWE ", IMPORT, "to which key it was encrypted is inside"),
    ("Send one of", IMPORT, "generated clients choke on alternatives, so all members are optional"),
    ("The next key is there already", ROTATE, "which keys are under way changes"),
    ("the maximum number of retired keys", ROTATE, "how many there are changes"),
    ("The field does not apply here, and must be null", ROTATE, "generated clients choke on alternatives, so all members are optional"),
    ("The field is there twice", UPDATE_HOOK, "the headers that stay may have the name of the new secret one"),
]


# ST202: a request that the document allows is refused.
@schemathesis.hook
def filter_failure(context, failure, case, response):
    if failure.code != "ST202" or response.status_code != 400:
        return True
    words = [words for words, only, _ in REFUSALS if only in (None, case.operation.label)]
    causes = [cause["errorSummary"] for cause in response.json()["errorCauses"]]
    return not causes or not all(any(known in cause for known in words) for cause in causes)


# Made and not deleted, oldest first: the ids of keys, and of hooks with their types.
keys, hooks = [], {}
numbers = itertools.count(1)


@schemathesis.hook
def before_call(context, case, kwargs):
    case.body = led_home(case.body)
    if case.meta.generation.mode.is_positive:
        # Scenarios of calls that follow each other know what they have made.
        if case.meta.phase.name.value != "stateful" and next(numbers) % 2:
            find(case.operation.path, case.path_parameters)
        if isinstance(case.body, dict):
            fit(case.operation.label, case.path_parameters, case.body)


def led_home(value):
    """The same with all addresses of hooks and of token endpoints at the test's own receiver: nothing leaves the machine."""
    if isinstance(value, list):
        return [led_home(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        name: address(item) if name in ("uri", "tokenUrl") and isinstance(item, str) else led_home(item)
        for name, item in value.items()
    }


def address(text):
    """On the side of the limit of lengths on which it was."""
    moved = re.sub(r"(?i)^https?:[/\\]*[^/\\?#]*", RECEIVER, text)
    return moved[:1024] if len(text) <= 1024 else moved.ljust(len(text), "x")


def find(path, parameters):
    """Looks for something that is there: an id that is made up leads to a 404 alone."""
    if "key" in parameters and keys:
        parameters["key"] = keys[-1]
    if path.startswith("/api/v1/hook-keys/{id}") and keys:
        parameters["id"] = keys[-1]
    if path.startswith("/api/v1/inlineHooks/{id}") and hooks:
        parameters["id"] = list(hooks)[-1]


def fit(label, path, body):
    """Gives a valid body what no schema can say: names that are not taken, a key that is there, the hook's own type, headers that
    differ, an assertion that somebody has signed, and every other time a private key that is sound. Values at the limit of their length stay as they are."""
    if label == TOKEN:
        body["client_assertion"] = os.environ["ASSERTION"]
    if label == IMPORT and next(numbers) % 2:
        for form in ("key", "jwe", "encryptedTo"):
            body.pop(form, None)
        body["jwk"] = JWK
    if "/references/" in label or (label.startswith("POST /vault/") and label != IMPORT):
        return
    if isinstance(body.get("name"), str) and len(body["name"]) < 240:
        body["name"] += f" {next(numbers)}"
    if label in (UPDATE_HOOK, REPLACE_HOOK) and body.get("type"):
        body["type"] = hooks.get(path.get("id"), body["type"])
    config = (body.get("channel") or {}).get("config") or {}
    if config.get("hookKeyId") and keys:
        config["hookKeyId"] = keys[-1]
    seen = {((config.get("authScheme") or {}).get("key") or "").lower()}
    for header in config.get("headers") or []:
        if header["key"].lower() in seen:
            header["key"] = f"{header['key'][:1000]}{next(numbers)}"
        seen.add(header["key"].lower())


@schemathesis.hook
def after_call(context, case, response):
    label = case.operation.label
    with open(os.environ["ANSWERS"], "a") as answers:
        answers.write(f"{label} {response.status_code}\n")
    if response.status_code != 200:
        return
    if label in (CREATE_HOOK, UPDATE_HOOK, REPLACE_HOOK):
        # Before anybody can call it.
        config = response.json()["channel"]["config"]
        assert all(config.get(name, RECEIVER).startswith(RECEIVER) for name in ("uri", "tokenUrl")), config
    # An org is full with 50 keys and 100 hooks.
    if label in (CREATE_KEY, IMPORT):
        keys.append(response.json()["id"])
        if len(keys) > 30:
            delete(f"/api/v1/hook-keys/{keys.pop(0)}")
    elif label == CREATE_HOOK:
        made = response.json()
        hooks[made["id"]] = made["type"]
        if len(hooks) > 60:
            oldest = next(iter(hooks))
            del hooks[oldest]
            requests.post(f"{VAULT}/api/v1/inlineHooks/{oldest}/lifecycle/deactivate", headers=API, timeout=10)
            delete(f"/api/v1/inlineHooks/{oldest}")


def delete(path):
    requests.delete(f"{VAULT}{path}", headers=API, timeout=10)
