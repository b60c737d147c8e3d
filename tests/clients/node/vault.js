// What the tests need of a running vault. Address and token come from the environment that `hookvault dev` prints.

const okta = require('@okta/okta-sdk-nodejs');

const client = new okta.Client();
const address = process.env.OKTA_CLIENT_ORGURL;
const ours = hookKeyId => `${address}/vault/v1/hook-keys/${encodeURIComponent(hookKeyId)}`;

// Keys and hooks that are deleted when the test is over: the other tests count what there is.
function borrow(t) {
  const keys = [];
  const hooks = [];
  t.after(async () => {
    for (const { id } of hooks) {
      await client.inlineHookApi.deactivateInlineHook({ inlineHookId: id }).catch(gone);
      await client.inlineHookApi.deleteInlineHook({ inlineHookId: id }).catch(gone);
    }
    for (const { id } of keys) {
      await client.hookKeyApi.deleteHookKey({ hookKeyId: id, id }).catch(gone);
    }
  });
  return {
    async key(name) {
      keys.push(await client.hookKeyApi.createHookKey({ keyRequest: { name } }));
      return keys.at(-1);
    },
    async hook(name, channel, type = 'com.okta.user.pre-registration') {
      const inlineHook = { name, type, version: '1.0.0', channel };
      hooks.push(await client.inlineHookApi.createInlineHook({ inlineHook }));
      return hooks.at(-1);
    },
  };
}

function gone(error) {
  if (error.status !== 404) throw error;
}

const headers = { 'Authorization': `SSWS ${process.env.OKTA_CLIENT_TOKEN}`, 'Content-Type': 'application/json' };

// The vault's own part of the API, for which the SDK has no methods.
async function post(url, body) {
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
  return { status: response.status, body: await response.json() };
}

// The bytes of an answer: the SDK drops what it has no place for, so only they can show that a secret is not there.
async function raw(path) {
  const response = await fetch(address + path, { headers });
  return response.text();
}

module.exports = {
  borrow,
  keys: client.hookKeyApi,
  hooks: client.inlineHookApi,
  raw,
  jwksOfAll: `${address}/.well-known/jwks.json`,
  jwksOf: key => `${ours(key.id)}/jwks.json`,
  assertion: (key, body) => post(`${ours(key.id)}/client-assertions`, body),
  jwt: (key, body) => post(`${ours(key.id)}/jwts`, body),
};
