// The official Node SDK, as it comes, drives inline hooks: all operations but execute, and what it makes of the answers.

const assert = require('node:assert/strict');
const { test } = require('node:test');
const vault = require('./vault');

const { hooks } = vault;
const TYPE = 'com.okta.user.pre-registration';
const SECRET = 'correct horse battery staple';

const HTTP = {
  type: 'HTTP',
  version: '1.0.0',
  config: {
    uri: 'https://hook.example/http',
    headers: [{ key: 'X-Made-By', value: 'node' }],
    method: 'POST',
    authScheme: { type: 'HEADER', key: 'Authorization', value: SECRET },
  },
};
const CLIENT_SECRET = {
  type: 'OAUTH',
  version: '1.0.0',
  config: {
    uri: 'https://hook.example/secret',
    headers: [],
    method: 'POST',
    authType: 'client_secret_post',
    clientId: 'abc123',
    clientSecret: SECRET,
    tokenUrl: 'https://login.example/token',
    scope: 'hook',
  },
};
const privateKey = key => ({
  type: 'OAUTH',
  version: '1.0.0',
  config: {
    uri: 'https://hook.example/key',
    headers: [],
    method: 'POST',
    authType: 'private_key_jwt',
    clientId: 'abc123',
    hookKeyId: key.id,
    tokenUrl: 'https://login.example/token',
    scope: 'hook',
  },
});

// The channel as it comes back: without its secret.
function shown(channel) {
  const { clientSecret, authScheme, ...config } = channel.config;
  const scheme = authScheme ? { type: authScheme.type, key: authScheme.key } : null;
  return { ...channel, config: { ...config, authScheme: scheme } };
}

// The SDK's objects as data, without what it found no value for.
const plain = object => JSON.parse(JSON.stringify(object));

function checkHook(hook, { name, channel, type = TYPE, status = 'ACTIVE' }) {
  assert.match(hook.id, /^cal[0-9A-Za-z]{17}$/);
  assert.deepEqual([hook.name, hook.type, hook.status, hook.version], [name, type, status, '1.0.0']);
  for (const moment of [hook.created, hook.lastUpdated]) {
    assert.ok(Math.abs(Date.now() - moment.getTime()) < 60_000, String(moment));
  }
  assert.deepEqual(plain(hook.channel), shown(channel));

  const at = `${process.env.OKTA_CLIENT_ORGURL}/api/v1/inlineHooks/${hook.id}`;
  const links = plain(hook._links);
  // The SDK says `_delete` for `delete`, which is a word of its language.
  const expected = status === 'ACTIVE'
    ? { self: at, execute: `${at}/execute`, deactivate: `${at}/lifecycle/deactivate` }
    : { self: at, activate: `${at}/lifecycle/activate`, _delete: at };
  assert.deepEqual(Object.fromEntries(Object.entries(links).map(([name, link]) => [name, link.href])), expected);
  for (const [name, link] of Object.entries(links)) assert.equal(link.hints === undefined, name === 'self', name);
}

async function ids(type) {
  const found = [];
  await (await hooks.listInlineHooks({ type })).each(hook => { found.push(hook.id); });
  return found;
}

test('each kind of channel comes back without its secret', async t => {
  const borrowed = vault.borrow(t);
  const key = await borrowed.key('node, channels');
  const bare = { type: 'HTTP', version: '1.0.0', config: { uri: 'https://hook.example/bare' } };
  const bareShown = { ...bare, config: { ...bare.config, headers: [], method: 'POST' } };
  for (const [name, channel, answer, config] of [
    ['http', HTTP, HTTP, 'InlineHookHttpConfig'],
    ['bare', bare, bareShown, 'InlineHookHttpConfig'],
    ['secret', CLIENT_SECRET, CLIENT_SECRET, 'InlineHookOAuthClientSecretConfig'],
    ['key', privateKey(key), privateKey(key), 'InlineHookOAuthPrivateKeyJwtConfig'],
  ]) {
    const created = await borrowed.hook(`node ${name}`, channel);
    checkHook(created, { name: `node ${name}`, channel: answer });
    assert.equal(created.channel.config.constructor.name, config);
    checkHook(await hooks.getInlineHook({ inlineHookId: created.id }), { name: `node ${name}`, channel: answer });
  }
  for (const path of ['/api/v1/inlineHooks', ...(await ids()).map(id => `/api/v1/inlineHooks/${id}`)]) {
    const shown = await vault.raw(path);
    assert.ok(shown.includes('https://hook.example/') && !shown.includes(SECRET), shown);
  }
});

test('list, whole and by type', async t => {
  const borrowed = vault.borrow(t);
  const first = await borrowed.hook('node first', HTTP);
  const second = await borrowed.hook('node second', CLIENT_SECRET, 'com.okta.oauth2.tokens.transform');
  assert.deepEqual(await ids(), [first.id, second.id]);
  assert.deepEqual(await ids('com.okta.oauth2.tokens.transform'), [second.id]);
  assert.deepEqual(await ids('com.okta.saml.tokens.transform'), []);
});

test('replace wants the secret again, a partial update keeps it', async t => {
  const borrowed = vault.borrow(t);
  for (const channel of [HTTP, CLIENT_SECRET]) {
    const { id } = await borrowed.hook(`node ${channel.type}`, channel);
    const moved = structuredClone(channel);
    moved.config.uri = 'https://hook.example/moved';

    const inlineHook = { name: `node ${channel.type} replaced`, version: '1.0.0', channel: moved };
    checkHook(await hooks.replaceInlineHook({ inlineHookId: id, inlineHook }), { name: inlineHook.name, channel: moved });

    const secretless = { ...inlineHook, channel: shown(moved) };
    await assert.rejects(hooks.replaceInlineHook({ inlineHookId: id, inlineHook: secretless }), error => {
      assert.deepEqual([error.status, error.errorCode], [400, 'E0000001']);
      return true;
    });

    // What the SDK read, sent back with another name.
    const read = await hooks.getInlineHook({ inlineHookId: id });
    read.name = `node ${channel.type} updated`;
    checkHook(await hooks.updateInlineHook({ inlineHookId: id, inlineHook: read }), { name: read.name, channel: moved });

    const again = `node ${channel.type} again`;
    const renamed = await hooks.updateInlineHook({ inlineHookId: id, inlineHook: { name: again } });
    checkHook(renamed, { name: again, channel: moved });
  }
});

test('a key is in use as long as a hook names it', async t => {
  const borrowed = vault.borrow(t);
  const key = await borrowed.key('node, used');
  const isUsed = async () => (await vault.keys.getHookKey({ hookKeyId: key.id, id: key.id })).isUsed;
  assert.equal(await isUsed(), false);
  const { id } = await borrowed.hook('node user', privateKey(key));
  assert.equal(await isUsed(), true);
  await hooks.replaceInlineHook({ inlineHookId: id, inlineHook: { name: 'node user', version: '1.0.0', channel: HTTP } });
  assert.equal(await isUsed(), false);
});

test('deactivate, activate, delete', async t => {
  const { id } = await vault.borrow(t).hook('node life', HTTP);
  const is = status => ({ name: 'node life', channel: HTTP, status });
  await assert.rejects(hooks.deleteInlineHook({ inlineHookId: id }), error => error.status === 403 || error.status === 400);
  checkHook(await hooks.getInlineHook({ inlineHookId: id }), is('ACTIVE'));

  checkHook(await hooks.deactivateInlineHook({ inlineHookId: id }), is('INACTIVE'));
  checkHook(await hooks.getInlineHook({ inlineHookId: id }), is('INACTIVE'));
  checkHook(await hooks.activateInlineHook({ inlineHookId: id }), is('ACTIVE'));
  await hooks.deactivateInlineHook({ inlineHookId: id });
  await hooks.deleteInlineHook({ inlineHookId: id });

  await assert.rejects(hooks.getInlineHook({ inlineHookId: id }), error => {
    assert.deepEqual([error.status, error.errorCode], [404, 'E0000007']);
    assert.ok(error.errorSummary.includes(`${id} (InlineHook)`), error.errorSummary);
    return true;
  });
  assert.deepEqual(await ids(), []);
});

test('what is wrong with a hook arrives as the SDK reads it', async t => {
  const borrowed = vault.borrow(t);
  const unknownKey = privateKey({ id: 'HKY00000000000000000' });
  const noSecret = { ...CLIENT_SECRET, config: { ...CLIENT_SECRET.config, clientSecret: undefined } };
  for (const [channel, type, names] of [
    [unknownKey, TYPE, /hookKeyId/],
    [noSecret, TYPE, /clientSecret/],
    [HTTP, 'com.okta.nothing', /type/],
  ]) {
    await assert.rejects(borrowed.hook('node wrong', channel, type), error => {
      assert.deepEqual([error.status, error.errorCode], [400, 'E0000001']);
      assert.match(error.errorCauses.map(cause => cause.errorSummary).join('\n'), names);
      return true;
    });
  }
  assert.deepEqual(await ids(), []);
});
