// All six operations of the official Node SDK on hook keys, for a client however it authenticates.

const assert = require('node:assert/strict');

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

async function list(api) {
  const keys = [];
  await (await api.listHookKeys()).each(key => { keys.push(key); });
  return keys;
}

// Leaves nothing, and expects that there is nothing before.
async function allSixOperations({ hookKeyApi: api }, name) {
  const created = await api.createHookKey({ keyRequest: { name } });
  checkKey(created, name);
  checkJwk(created._embedded, created.keyId);

  const got = await api.getHookKey({ hookKeyId: created.id, id: created.id });
  checkKey(got, name);
  assert.equal(got.id, created.id);

  const listed = await list(api);
  assert.deepEqual(listed.map(key => key.id), [created.id]);
  checkKey(listed[0], name);

  const bare = await api.getPublicKey({ keyId: created.keyId });
  checkJwk(bare, created.keyId);
  assert.equal(bare.n, created._embedded.n);

  const keyRequest = { name: `${name}, renamed` };
  const replaced = await api.replaceHookKey({ hookKeyId: created.id, id: created.id, keyRequest });
  checkKey(replaced, keyRequest.name);
  assert.equal(replaced._embedded.n, created._embedded.n);

  await api.deleteHookKey({ hookKeyId: created.id, id: created.id });
  assert.deepEqual(await list(api), []);
}

module.exports = { allSixOperations, list };
