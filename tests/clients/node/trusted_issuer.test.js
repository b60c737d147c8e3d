// A token endpoint that we did not write gives access to the vault: oidc-provider, as an issuer that the vault trusts.

const assert = require('node:assert/strict');
const { before, test } = require('node:test');
const { startVault } = require('./own_vault');
const { startTokenEndpoint } = require('./token_endpoint');

let jose;
before(async () => { jose = await import('jose'); });

const CLIENT = { client_id: 'program', client_secret: 'correct horse battery staple' };
const AUDIENCE = 'hookvault';
const MANAGE = 'vault:manage';
// Scopes of the vault's own.
const OUR_READ = 'okta.inlineHooks.read';
const OUR_MANAGE = 'okta.inlineHooks.manage';

async function startIssuer(t) {
  const issuer = await startTokenEndpoint({
    clientId: CLIENT.client_id,
    clientSecret: CLIENT.client_secret,
    audience: AUDIENCE,
    scope: `${MANAGE} ${OUR_READ} vault:unknown`,
  });
  t.after(issuer.close);
  return issuer;
}

// An issuer, and a vault that trusts it.
async function trusting(t) {
  const issuer = await startIssuer(t);
  const scopes = { [MANAGE]: OUR_MANAGE };
  const trusted = { issuer: issuer.issuer, audience: AUDIENCE, scopesClaim: 'scope', scopes };
  const vault = await startVault('--trusted-issuers', JSON.stringify([trusted]));
  t.after(vault.close);
  return { issuer, vault };
}

// `asked` is what the request names besides the client: `scope`, and `resource` for another audience.
async function tokenFrom({ tokenUrl }, asked = { scope: MANAGE }) {
  const body = new URLSearchParams({ grant_type: 'client_credentials', ...CLIENT, ...asked });
  const response = await fetch(tokenUrl, { method: 'POST', body });
  const answer = await response.json();
  assert.equal(response.status, 200, JSON.stringify(answer));
  assert.equal(answer.token_type, 'Bearer');
  return answer.access_token;
}

async function call({ address }, token, method, body) {
  const headers = { 'Authorization': `Bearer ${token}`, 'Content-Type': 'application/json' };
  const options = { method, headers, body: body && JSON.stringify(body) };
  const response = await fetch(`${address}/api/v1/hook-keys`, options);
  return { status: response.status, challenge: response.headers.get('www-authenticate'), body: await response.json() };
}

const list = (vault, token) => call(vault, token, 'GET');
const create = (vault, token, name) => call(vault, token, 'POST', { name });

function checkRefusal({ status, challenge, body }, expected) {
  assert.deepEqual([status, body.errorCode], [expected.status, expected.code]);
  assert.ok(challenge.startsWith('Bearer '), challenge);
  for (const part of [`error="${expected.error}"`, expected.reason]) assert.ok(challenge.includes(part), challenge);
}

// It says why, so that a test goes wrong for the reason that its name tells.
const badToken = (reason = '') => ({ status: 401, code: 'E0000011', error: 'invalid_token', reason });
const forbidden = needed => ({ status: 403, code: 'E0000006', error: 'insufficient_scope', reason: `scope="${needed}"` });

test('a token of the issuer opens the vault', async t => {
  const { issuer, vault } = await trusting(t);
  const token = await tokenFrom(issuer);
  const { payload } = await jose.jwtVerify(token, jose.createRemoteJWKSet(new URL(issuer.jwksUri)));
  assert.deepEqual([payload.iss, payload.aud, payload.scope], [issuer.issuer, AUDIENCE, MANAGE]);

  const created = await create(vault, token, 'made by a program');
  assert.equal(created.status, 200);
  const listed = await list(vault, token);
  assert.equal(listed.status, 200);
  assert.deepEqual(listed.body.map(key => [key.id, key.name]), [[created.body.id, 'made by a program']]);
});

test('a token for another audience is refused', async t => {
  const { issuer, vault } = await trusting(t);
  const resource = 'https://other.example/';
  const token = await tokenFrom(issuer, { scope: MANAGE, resource });
  assert.equal(jose.decodeJwt(token).aud, resource);
  checkRefusal(await list(vault, token), badToken('for another audience'));
  checkRefusal(await create(vault, token, 'for another'), badToken('for another audience'));
});

test('a token does what its scopes allow', async t => {
  const { issuer, vault } = await trusting(t);
  // Without a scope, and with one that means nothing to the vault.
  for (const asked of [{}, { scope: 'vault:unknown' }]) {
    const token = await tokenFrom(issuer, asked);
    assert.equal(jose.decodeJwt(token).scope, asked.scope);
    checkRefusal(await list(vault, token), forbidden(OUR_READ));
    checkRefusal(await create(vault, token, 'without the scope'), forbidden(OUR_MANAGE));
  }
  // A scope of the vault's own needs no translation.
  const token = await tokenFrom(issuer, { scope: OUR_READ });
  assert.equal((await list(vault, token)).status, 200);
  checkRefusal(await create(vault, token, 'with a scope too small'), forbidden(OUR_MANAGE));
});

test('a token of another issuer is refused', async t => {
  const { issuer, vault } = await trusting(t);
  const other = await startIssuer(t);
  checkRefusal(await list(vault, await tokenFrom(other)), badToken());
  // Nobody was asked for keys.
  assert.deepEqual(other.paths, ['/token']);
  assert.deepEqual(issuer.paths, []);
  // Nothing but the issuer was wrong.
  assert.equal((await list(vault, await tokenFrom(issuer))).status, 200);
});

test('a token that only looks like one of the issuer is refused', async t => {
  const { issuer, vault } = await trusting(t);
  const real = await tokenFrom(issuer);
  assert.equal((await list(vault, real)).status, 200);
  const { privateKey } = await jose.generateKeyPair('RS256');
  const forge = kid => new jose.SignJWT(jose.decodeJwt(real))
    .setProtectedHeader({ ...jose.decodeProtectedHeader(real), kid })
    .sign(privateKey);
  checkRefusal(await list(vault, await forge(issuer.kid)), badToken('signature is invalid'));
  checkRefusal(await list(vault, await forge('another')), badToken('not signed by a known key'));
});

test('tokens work on while the issuer is down', async t => {
  const { issuer, vault } = await trusting(t);
  const [used, unused] = [await tokenFrom(issuer), await tokenFrom(issuer)];
  assert.equal((await list(vault, used)).status, 200);
  await issuer.close();
  await assert.rejects(fetch(issuer.jwksUri));

  // The vault kept the keys, so it knows a token that it has not seen, too.
  for (const token of [used, unused]) assert.equal((await list(vault, token)).status, 200);
  assert.equal((await create(vault, unused, 'made while it was down')).status, 200);
  assert.deepEqual(issuer.paths.filter(path => path === '/jwks'), ['/jwks']);
});

test('without the keys of the issuer nobody can tell what a token is', async t => {
  const { issuer, vault } = await trusting(t);
  const token = await tokenFrom(issuer);
  await issuer.close();
  const { status, challenge, body } = await list(vault, token);
  // The token is not called bad: it may be good, and may be sent again.
  assert.deepEqual([status, challenge, body.errorCode], [503, null, 'E0000010']);
});
