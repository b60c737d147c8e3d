// The whole way of a hook with a key: the official SDK makes both, a token endpoint and a receiver that know only
// published key sets believe the vault, and `hook test` says what is wrong where something is.

const assert = require('node:assert/strict');
const { execFile } = require('node:child_process');
const { test } = require('node:test');
const { startReceiver } = require('./receiver');
const { startTokenEndpoint } = require('./token_endpoint');
const vault = require('./vault');

const CLIENT = 'hook-caller';
const AUDIENCE = 'https://hook.example/';

// A key, a token endpoint that knows it, a receiver that trusts the token endpoint, and a hook that joins them.
// `registered` is the key that the token endpoint is told of instead, `clientId` the one that the hook uses instead.
async function wholeWay(t, name, { clientId = CLIENT, registered } = {}) {
  const borrowed = vault.borrow(t);
  const key = await borrowed.key(`${name}, key`);
  const known = registered ? await borrowed.key(registered) : key;

  const tokens = await startTokenEndpoint({ clientId: CLIENT, jwksUri: vault.jwksOf(known), audience: AUDIENCE });
  t.after(tokens.close);
  const { issuer, jwksUri, tokenUrl } = tokens;
  const receiver = await startReceiver({ issuer, jwksUri, audience: AUDIENCE });
  t.after(receiver.close);

  const config = {
    uri: receiver.uri,
    headers: [{ key: 'X-Made-By', value: 'node' }],
    method: 'POST',
    authType: 'private_key_jwt',
    clientId,
    hookKeyId: key.id,
    tokenUrl,
    scope: 'hook',
  };
  const hook = await borrowed.hook(name, { type: 'OAUTH', version: '1.0.0', config });
  return { hook, key, receiver, tokens };
}

function payload(eventId) {
  return {
    eventId,
    eventTime: '2026-01-01T00:00:00.000Z',
    eventType: 'com.okta.user.pre-registration',
    eventTypeVersion: '1.0',
    contentType: 'application/json',
    cloudEventVersion: '0.1',
    source: 'whole_way.test.js',
    requestType: 'self.service.registration',
    data: { context: {}, action: 'ALLOW', userProfile: { login: 'grüße@example.com' } },
  };
}

function execute(hook, eventId) {
  return vault.hooks.executeInlineHook({ inlineHookId: hook.id, payloadData: payload(eventId) });
}

// What a person sees. With SHOW_SCREENS set, the one who runs the tests sees it too.
async function hookTest(t, hook) {
  const { VAULT_BINARY: binary, VAULT_DATA_DIR: dataDir } = process.env;
  assert.ok(binary && dataDir, 'VAULT_BINARY and VAULT_DATA_DIR say which program to run, on which folder');
  const { code, screen } = await new Promise(resolve => {
    // A run that hangs is killed, and its code is then no number.
    const limit = { timeout: 30_000, killSignal: 'SIGKILL' };
    execFile(binary, ['hook', 'test', hook.name, '--data-dir', dataDir], limit, (error, stdout, stderr) => {
      resolve({ code: error ? error.code : 0, screen: stdout + stderr });
    });
  });
  if (process.env.SHOW_SCREENS) {
    for (const line of [`$ hook test '${hook.name}'`, ...screen.trimEnd().split('\n'), `exit ${code}`]) t.diagnostic(line);
  }
  // Who sees the screen must not be able to call the hook: a signed token is three parts.
  assert.doesNotMatch(screen, /eyJ[\w-]+\.eyJ[\w-]+\.[\w-]+/);
  return { code, screen };
}

test('a hook with a key works', async t => {
  const { hook, key, receiver, tokens } = await wholeWay(t, 'node works');
  const answer = await execute(hook, 'event 1');
  const command = { type: 'com.okta.user.profile.update', value: { nickName: 'event 1' } };
  assert.deepEqual(answer, { commands: [command] });

  assert.deepEqual(tokens.requests, ['granted']);
  const [call] = receiver.calls;
  assert.equal(call.method, 'POST');
  assert.deepEqual(JSON.parse(call.body), payload('event 1'));
  assert.equal(call.headers['content-type'].split(';')[0], 'application/json');
  assert.equal(call.headers['x-made-by'], 'node');
  assert.equal(call.claims.client_id, CLIENT);
  assert.equal((await vault.keys.getHookKey({ hookKeyId: key.id, id: key.id })).isUsed, true);
});

test('the second call uses the token of the first', async t => {
  const { hook, receiver, tokens } = await wholeWay(t, 'node twice');
  await execute(hook, 'event 1');
  await execute(hook, 'event 2');
  assert.equal(receiver.calls.length, 2);
  assert.equal(receiver.calls[0].headers.authorization, receiver.calls[1].headers.authorization);
  assert.deepEqual(tokens.requests, ['granted']);
});

test('a refusal of the hook arrives as the SDK reads it', async t => {
  const { hook, receiver } = await wholeWay(t, 'node refused');
  receiver.refuse = true;
  await assert.rejects(execute(hook, 'event 1'), error => {
    assert.deepEqual([error.status, error.errorCode], [400, 'E0000135']);
    return true;
  });
});

test('hook test: a run that works', async t => {
  const { hook, receiver, tokens } = await wholeWay(t, 'node screen');
  const { code, screen } = await hookTest(t, hook);
  assert.equal(code, 0, screen);
  assert.match(screen.trimEnd().split('\n').at(-1), /^ok\b/, screen);
  assert.deepEqual(tokens.requests, ['granted']);
  assert.deepEqual(receiver.calls.map(call => call.refused), [undefined]);
});

// Each way to go wrong, and what has to be on the screen then. The token endpoint answers the first two in the
// same words, which name no reason: so the screen must say what to compare.
const WRONG = {
  'wrong client id': {
    arrange: t => wholeWay(t, 'node client', { clientId: 'someone-else' }),
    asked: ['client not found'],
    called: 0,
    says: [/401/, /invalid_client/, /someone-else/, /client.?id/i],
  },
  'key not registered': {
    arrange: t => wholeWay(t, 'node key', { registered: 'node key, another' }),
    asked: ['no applicable key found in the JSON Web Key Set'],
    called: 0,
    says: [/401/, /invalid_client/, /public key|JWKS/i, /jwks\.json/],
  },
  'token endpoint down': {
    async arrange(t) {
      const way = await wholeWay(t, 'node down');
      await way.tokens.close();
      return way;
    },
    asked: [],
    called: 0,
    says: [/token endpoint|tokenUrl/i, /connect|refused|reach/i, /127\.0\.0\.1:\d+\/token/],
  },
  'hook answers 401': {
    async arrange(t) {
      const way = await wholeWay(t, 'node 401');
      way.receiver.refuse = true;
      return way;
    },
    asked: ['granted'],
    called: 1,
    says: [/hook/i, /401/, /token/i],
  },
  'hook too slow': {
    async arrange(t) {
      const way = await wholeWay(t, 'node slow');
      way.receiver.silent = true;
      return way;
    },
    asked: ['granted'],
    called: 1,
    says: [/hook/i, /\b3 ?s(econds)?\b|time/i],
  },
};

for (const [what, { arrange, asked, called, says }] of Object.entries(WRONG)) {
  test(`hook test: ${what}`, async t => {
    const { hook, receiver, tokens } = await arrange(t);
    const { code, screen } = await hookTest(t, hook);
    assert.ok(Number.isInteger(code) && code > 0, `exit ${code}\n${screen}`);
    assert.doesNotMatch(screen, /^ok\b/m);
    for (const phrase of says) assert.match(screen, phrase);
    // The test of the test: it went wrong for the reason that its name tells.
    assert.deepEqual(tokens.requests, asked);
    assert.equal(receiver.calls.length, called);
  });
}

test('a key in use stays, and the refusal names the hook', async t => {
  const { hook, key } = await wholeWay(t, 'node user of a key');
  const remove = () => vault.keys.deleteHookKey({ hookKeyId: key.id, id: key.id });
  await assert.rejects(remove(), error => {
    assert.deepEqual([error.status, error.errorCode], [403, 'E0000006']);
    assert.equal(error.errorCauses.length, 1);
    assert.ok(error.errorCauses[0].errorSummary.includes('node user of a key'), error.errorCauses[0].errorSummary);
    return true;
  });
  await vault.hooks.deactivateInlineHook({ inlineHookId: hook.id });
  // An inactive hook can come back, so it still holds its key.
  await assert.rejects(remove(), error => error.status === 403);
  await vault.hooks.deleteInlineHook({ inlineHookId: hook.id });
  await remove();
});
