// The official Node SDK in the mode PrivateKey: it gets access tokens for a service app, bound to a key and not.

const assert = require('node:assert/strict');
const { execFile } = require('node:child_process');
const { before, test } = require('node:test');
const { promisify } = require('node:util');
const okta = require('@okta/okta-sdk-nodejs');
const { allSixOperations, list } = require('./six_operations');

let jose;
before(async () => { jose = await import('jose'); });

const address = process.env.OKTA_CLIENT_ORGURL;
const MANAGE = 'okta.inlineHooks.manage';

// Nothing else can authenticate.
delete process.env.OKTA_CLIENT_TOKEN;

async function hookvault(...words) {
  const { VAULT_BINARY: binary, VAULT_DATA_DIR: dataDir } = process.env;
  assert.ok(binary && dataDir, 'VAULT_BINARY and VAULT_DATA_DIR say which program to run, on which folder');
  const limit = { timeout: 60_000, killSignal: 'SIGKILL' };
  return (await promisify(execFile)(binary, [...words, '--data-dir', dataDir], limit)).stdout;
}

// A service app that is gone when the test is over: the environment that its creation prints.
async function createApp(t, name, { flags = [], scopes = [MANAGE] } = {}) {
  const asked = scopes.flatMap(scope => ['--scope', scope]);
  const screen = await hookvault('app', 'create', '--name', name, ...asked, '--generate', ...flags);
  // What stands between quotes may have several lines.
  const lines = screen.matchAll(/^export (\w+)=(?:'([^']*)'|(\S*))$/gm);
  const environment = Object.fromEntries(Array.from(lines, ([, word, quoted, bare]) => [word, quoted ?? bare]));
  t.after(async () => {
    await hookvault('app', 'deactivate', environment.OKTA_CLIENT_CLIENTID);
    await hookvault('app', 'delete', environment.OKTA_CLIENT_CLIENTID);
  });
  return environment;
}

// The client of a user who pasted these lines. `asked` are its token requests, `answered` their statuses.
function connect(environment) {
  Object.assign(process.env, environment);
  const client = new okta.Client();
  for (const name of Object.keys(environment)) delete process.env[name];

  const [asked, answered] = [[], []];
  const isToken = ({ url }) => url === `${address}/oauth2/v1/token`;
  client.requestExecutor.on('request', request => { if (isToken(request)) asked.push(request); });
  client.requestExecutor.on('response', response => { if (isToken(response)) answered.push(response.status); });
  return { client, asked, answered };
}

const FORMS = { 'a JWK': [], 'a PEM': ['--pem'] };

for (const [form, flags] of Object.entries(FORMS)) {
  test(`all six operations with a token that is not bound, by ${form}`, async t => {
    const { client, asked, answered } = connect(await createApp(t, 'node, not bound', { flags }));
    await allSixOperations(client, 'node key by token');
    // This SDK sends a proof to every token endpoint. Nobody asked for it.
    assert.equal(asked.length, 1);
    assert.ok(asked[0].headers.DPoP);
    assert.deepEqual(answered, [200]);
    assert.equal(client.oauth.isDPoP, false);
    assert.equal(client.oauth.accessToken.token_type, 'Bearer');
  });

  test(`all six operations with a bound token, by ${form}`, async t => {
    const { client, answered } = connect(await createApp(t, 'node, bound', { flags: ['--dpop', ...flags] }));
    await allSixOperations(client, 'node key by bound token');
    // The first answer tells the nonce that the proof needs.
    assert.deepEqual(answered, [400, 200]);
    assert.equal(client.oauth.isDPoP, true);
    assert.equal(client.oauth.accessToken.token_type, 'DPoP');
  });
}

async function read(url) {
  const response = await fetch(url);
  assert.equal(response.status, 200);
  assert.equal(response.headers.get('content-type'), 'application/json');
  return response.json();
}

async function tokenOf(client) {
  await list(client.hookKeyApi);
  return client.oauth.accessToken.access_token;
}

for (const flags of [[], ['--dpop']]) {
  test(`jose verifies access tokens (${flags.join() || 'no flags'})`, async t => {
    const scopes = [MANAGE, 'hookvault.keys.use'];
    const environment = await createApp(t, 'node, verified', { flags, scopes });
    const { client } = connect(environment);
    const token = await tokenOf(client);

    const keys = jose.createRemoteJWKSet(new URL(`${address}/oauth2/v1/keys`));
    const clientId = environment.OKTA_CLIENT_CLIENTID;
    const expected = { issuer: address, audience: address, subject: clientId, algorithms: ['RS256'], typ: 'JWT' };
    const { payload } = await jose.jwtVerify(token, keys, expected);
    assert.deepEqual([payload.ver, payload.cid, payload.scp], [1, clientId, scopes]);
    assert.equal(payload.exp - payload.iat, 3600);
    assert.match(payload.jti, /^AT\../);
    // The key of the app is also that of this SDK's proofs.
    const jkt = await jose.calculateJwkThumbprint(JSON.parse(environment.OKTA_CLIENT_PRIVATEKEY));
    assert.deepEqual(payload.cnf, flags.length ? { jkt } : undefined);

    await assert.rejects(
      jose.jwtVerify(token, keys, { ...expected, audience: 'https://other.example' }),
      { code: 'ERR_JWT_CLAIM_VALIDATION_FAILED', claim: 'aud' },
    );
    const altered = token.replace(/\.[\w-]+\./, body => {
      const claims = JSON.parse(Buffer.from(body, 'base64url'));
      return `.${Buffer.from(JSON.stringify({ ...claims, scp: [] })).toString('base64url')}.`;
    });
    await assert.rejects(jose.jwtVerify(altered, keys, expected), { code: 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED' });
  });
}

test('the metadata agree with what is done', async t => {
  const { client, asked } = connect(await createApp(t, 'node, metadata', { flags: ['--dpop'] }));
  const token = await tokenOf(client);
  const proof = jose.decodeProtectedHeader(asked[0].headers.DPoP);
  const assertion = new URLSearchParams(asked[0].body).get('client_assertion');

  const metadata = await read(`${address}/.well-known/openid-configuration`);
  assert.equal(metadata.issuer, jose.decodeJwt(token).iss);
  assert.equal(metadata.token_endpoint, asked[0].url);
  assert.equal(metadata.token_endpoint, jose.decodeJwt(assertion).aud);
  assert.deepEqual(metadata.grant_types_supported, ['client_credentials']);
  assert.deepEqual(metadata.token_endpoint_auth_methods_supported, ['private_key_jwt']);
  const { alg } = jose.decodeProtectedHeader(assertion);
  assert.ok(metadata.token_endpoint_auth_signing_alg_values_supported.includes(alg), alg);
  assert.ok(metadata.dpop_signing_alg_values_supported.includes(proof.alg), proof.alg);
  assert.ok(metadata.scopes_supported.includes(MANAGE));
  await jose.jwtVerify(token, jose.createRemoteJWKSet(new URL(metadata.jwks_uri)), { issuer: metadata.issuer });

  // OAuth's own document says the same, but for what only OpenID Connect asks for.
  const { subject_types_supported, id_token_signing_alg_values_supported, ...rest } = metadata;
  assert.ok(subject_types_supported.length && id_token_signing_alg_values_supported.length);
  assert.deepEqual(await read(`${address}/.well-known/oauth-authorization-server`), rest);
});

test('a new signing key is published before it signs, and the token goes on', async t => {
  const { client, answered } = connect(await createApp(t, 'node, rotated'));
  const kids = async () => (await read(`${address}/oauth2/v1/keys`)).keys.map(key => key.kid);
  const token = await tokenOf(client);
  const published = await kids();
  await hookvault('signing-key', 'rotate');
  const [next, ...more] = (await kids()).filter(kid => !published.includes(kid));
  assert.ok(next && more.length === 0, `${next} ${more}`);
  assert.equal(await tokenOf(client), token);

  const { client: later } = connect(await createApp(t, 'node, after the rotation'));
  const { kid } = jose.decodeProtectedHeader(await tokenOf(later));
  assert.notEqual(kid, next);
  assert.deepEqual(answered, [200]);
});

test('after a revocation of the signing key the SDK gets a new token by itself', async t => {
  const { client, answered } = connect(await createApp(t, 'node, revoked'));
  const token = await tokenOf(client);
  await hookvault('signing-key', 'rotate', '--revoke');

  const refused = await fetch(`${address}/api/v1/hook-keys`, { headers: { Authorization: `Bearer ${token}` } });
  assert.equal(refused.status, 401);
  assert.match(refused.headers.get('www-authenticate'), /^Bearer .*error="invalid_token"/);
  const { keys } = await read(`${address}/oauth2/v1/keys`);
  assert.ok(keys.every(key => key.kid !== jose.decodeProtectedHeader(token).kid));

  assert.notEqual(await tokenOf(client), token);
  assert.deepEqual(answered, [200, 200]);
});
