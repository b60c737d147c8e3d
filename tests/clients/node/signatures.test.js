// What the vault signs, under the eyes of `jose`, which knows the published key sets and nothing else.

const assert = require('node:assert/strict');
const { before, test } = require('node:test');
const vault = require('./vault');

let jose;
before(async () => { jose = await import('jose'); });

const AUDIENCE = 'https://login.example/oauth2/token';

function keySets(key) {
  return [vault.jwksOfAll, vault.jwksOf(key)].map(url => jose.createRemoteJWKSet(new URL(url)));
}

// Signed bytes in which one claim was changed.
function alter(jwt, change) {
  const [header, payload, signature] = jwt.split('.');
  const claims = change(JSON.parse(Buffer.from(payload, 'base64url')));
  return [header, Buffer.from(JSON.stringify(claims)).toString('base64url'), signature].join('.');
}

test('client assertions verify from either key set', async t => {
  const key = await vault.borrow(t).key('node, assertions');
  const { status, body } = await vault.assertion(key, { clientId: 'abc123', audience: AUDIENCE });
  assert.equal(status, 200);
  assert.equal(body.client_assertion_type, 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer');

  const expected = { issuer: 'abc123', subject: 'abc123', audience: AUDIENCE, algorithms: ['RS256'], typ: 'JWT' };
  for (const keys of keySets(key)) {
    const { payload, protectedHeader } = await jose.jwtVerify(body.client_assertion, keys, expected);
    assert.deepEqual(protectedHeader, { alg: 'RS256', kid: key.keyId, typ: 'JWT' });
    assert.ok(Math.abs(Date.now() / 1000 - payload.iat) < 60, String(payload.iat));
    assert.ok(payload.exp > payload.iat && payload.exp <= payload.iat + 300, String(payload.exp));
    assert.ok(payload.jti);

    // jose would find out about a wrong audience; the signature about a wrong claim.
    await assert.rejects(
      jose.jwtVerify(body.client_assertion, keys, { ...expected, audience: 'https://other.example' }),
      { code: 'ERR_JWT_CLAIM_VALIDATION_FAILED', claim: 'aud' },
    );
    const altered = alter(body.client_assertion, claims => ({ ...claims, sub: 'someone else' }));
    await assert.rejects(jose.jwtVerify(altered, keys), { code: 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED' });
  }
});

test('an assertion lives as long as was asked, and none is made twice', async t => {
  const key = await vault.borrow(t).key('node, lifetimes');
  const make = async ttl => {
    const { body } = await vault.assertion(key, { clientId: 'abc123', audience: AUDIENCE, ttl });
    return jose.decodeJwt(body.client_assertion);
  };
  const first = await make(300);
  const second = await make(7);
  assert.deepEqual([first.exp - first.iat, second.exp - second.iat], [300, 7]);
  assert.notEqual(first.jti, second.jti);
  assert.equal((await vault.assertion(key, { clientId: 'abc123', audience: AUDIENCE, ttl: 301 })).status, 400);
});

test('JWTs verify from either key set', async t => {
  const key = await vault.borrow(t).key('node, JWTs');
  const claims = { iss: 'https://vault.example', sub: 'me', aud: 'you', list: [1, 'two', null], text: 'grüße' };
  const { status, body } = await vault.jwt(key, { claims, ttl: 60 });
  assert.equal(status, 200);

  for (const keys of keySets(key)) {
    const expected = { issuer: claims.iss, subject: claims.sub, audience: claims.aud, algorithms: ['RS256'] };
    const { payload } = await jose.jwtVerify(body.jwt, keys, expected);
    const { iat, exp, jti, ...rest } = payload;
    assert.deepEqual(rest, claims);
    assert.equal(exp - iat, 60);
    assert.ok(jti);
    const altered = alter(body.jwt, old => ({ ...old, exp: old.exp + 1 }));
    await assert.rejects(jose.jwtVerify(altered, keys), { code: 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED' });
  }
});

test('a key set of one key is of that key alone, and shows nothing private', async t => {
  const borrowed = vault.borrow(t);
  const [one, other] = [await borrowed.key('node, one'), await borrowed.key('node, other')];
  const { body } = await vault.jwt(one, { claims: { sub: 'me' }, ttl: 60 });
  const keysOfOther = jose.createRemoteJWKSet(new URL(vault.jwksOf(other)));
  await assert.rejects(jose.jwtVerify(body.jwt, keysOfOther), { code: 'ERR_JWKS_NO_MATCHING_KEY' });

  const read = async url => (await (await fetch(url)).json()).keys;
  const jwk = key => ({ kty: 'RSA', alg: 'RS256', use: 'sig', kid: key.keyId, n: key._embedded.n, e: 'AQAB' });
  assert.deepEqual(await read(vault.jwksOf(one)), [jwk(one)]);
  assert.deepEqual(await read(vault.jwksOfAll), [jwk(one), jwk(other)]);
});
