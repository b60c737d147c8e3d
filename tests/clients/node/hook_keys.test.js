// The official Node SDK, as it comes, against a running vault: all six operations, and what it makes of the answers.

const assert = require('node:assert/strict');
const { test } = require('node:test');
const okta = require('@okta/okta-sdk-nodejs');

// Address and token come from the environment that `hookvault dev` prints.
const client = new okta.Client();
const api = client.hookKeyApi;

function checkKey(key, name) {
  assert.match(key.id, /^HKY[0-9A-Za-z]{17}$/);
  assert.match(key.keyId, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  assert.equal(key.name, name);
  for (const moment of [key.created, key.lastUpdated]) {
    assert.ok(Math.abs(Date.now() - new Date(moment).getTime()) < 60_000, String(moment));
  }
  // A string would be truthy.
  assert.equal(key.isUsed, false);
}

function checkJwk(jwk, kid) {
  assert.deepEqual([jwk.kty, jwk.alg, jwk.kid, jwk.e], ['RSA', 'RSA', kid, 'AQAB']);
  assert.ok(jwk.use === null || jwk.use === undefined, String(jwk.use));
  assert.match(jwk.n, /^[A-Za-z0-9_-]{342}$/);
}

async function list() {
  const keys = [];
  await (await api.listHookKeys()).each(key => { keys.push(key); });
  return keys;
}

test('all six operations', async () => {
  const created = await api.createHookKey({ keyRequest: { name: 'node key' } });
  checkKey(created, 'node key');
  checkJwk(created._embedded, created.keyId);

  const got = await api.getHookKey({ hookKeyId: created.id, id: created.id });
  checkKey(got, 'node key');
  assert.equal(got.id, created.id);

  const listed = await list();
  assert.deepEqual(listed.map(key => key.id), [created.id]);
  checkKey(listed[0], 'node key');

  const bare = await api.getPublicKey({ keyId: created.keyId });
  checkJwk(bare, created.keyId);
  assert.equal(bare.n, created._embedded.n);

  const replaced = await api.replaceHookKey({ hookKeyId: created.id, id: created.id, keyRequest: { name: 'node key, renamed' } });
  checkKey(replaced, 'node key, renamed');
  assert.equal(replaced._embedded.n, created._embedded.n);

  await api.deleteHookKey({ hookKeyId: created.id, id: created.id });
  assert.deepEqual(await list(), []);
});

test('errors arrive as the SDK reads them', async () => {
  const id = 'HKY00000000000000000';
  await assert.rejects(api.getHookKey({ hookKeyId: id, id }), error => {
    assert.equal(error.status, 404);
    assert.equal(error.errorCode, 'E0000007');
    assert.match(error.errorSummary, /HKY00000000000000000 \(HookKey\)/);
    return true;
  });
  const first = await api.createHookKey({ keyRequest: { name: 'node twice' } });
  await assert.rejects(api.createHookKey({ keyRequest: { name: 'node twice' } }), error => {
    assert.equal(error.status, 400);
    assert.match(error.errorCauses[0].errorSummary, /already exists in the current organization/);
    return true;
  });
  await api.deleteHookKey({ hookKeyId: first.id, id: first.id });
});
