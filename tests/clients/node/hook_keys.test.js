// The official Node SDK, as it comes, against a running vault: all six operations, and what it makes of the answers.

const assert = require('node:assert/strict');
const { test } = require('node:test');
const okta = require('@okta/okta-sdk-nodejs');
const { allSixOperations } = require('./six_operations');

// Address and token come from the environment that `hookvault dev` prints.
const client = new okta.Client();
const api = client.hookKeyApi;

test('all six operations', () => allSixOperations(client, 'node key'));

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
