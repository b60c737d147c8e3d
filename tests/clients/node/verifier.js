// Checks what a hook key signs while it rotates, with caches that keep the key set exactly as long as the vault allows. The vault's clock
// and this one run equally fast (tests/verifier.rs), so an hour and more goes by in minutes. Says in the end what was seen, as JSON.

const assert = require('node:assert/strict');
const { setTimeout: sleep } = require('node:timers/promises');

const { address, token, key, rotations, perSecond, ahead, grace, factor, start, began } = JSON.parse(process.env.VERIFIER);
const ours = `${address}/vault/v1/hook-keys/${key}`;
const headers = { 'Authorization': `SSWS ${token}`, 'Content-Type': 'application/json' };

// In seconds since 1970, on the clock that runs fast: at the moment `began` of the real one it was `start`.
const now = () => start + (Date.now() - began) / 1000 * factor;
const until = moment => sleep(Math.max(0, moment - now()) / factor * 1000);

async function post(path, body) {
  const response = await fetch(`${ours}/${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
  assert.equal(response.status, 200, await response.clone().text());
  return response.json();
}

// A key set as long as it is fresh, and no new one earlier: not even for a key that is not in it. Its age counts from the moment of the
// request (RFC 9111, clause 4.2.3).
class Cache {
  constructor(jose, extra = 0) {
    Object.assign(this, { jose, extra, fresh: 0, fetched: 0 });
  }

  async keys() {
    if (now() < this.fresh) return this.set;
    this.fetching ??= this.fetch().finally(() => { this.fetching = undefined; });
    await this.fetching;
    return this.set;
  }

  async fetch() {
    const asked = now();
    const response = await fetch(`${ours}/jwks.json`);
    const [, lifetime] = /^public, max-age=(\d+)$/.exec(response.headers.get('cache-control'));
    this.set = this.jose.createLocalJWKSet(await response.json());
    this.fresh = asked + Number(lifetime) + this.extra;
    this.fetched += 1;
  }
}

async function main() {
  const jose = await import('jose');
  // Those that began at different moments of a minute know the next key at different moments.
  const caches = Array.from({ length: 5 }, () => new Cache(jose));
  // One that keeps the set for ten minutes more must miss keys: or else nothing is shown here.
  const stale = new Cache(jose, 600);
  const seen = { tokens: 0, checks: 0, unverified: 0, unverifiedByStale: 0, fetched: 0, keys: new Set(), reasons: {} };

  async function verifies(jwt, cache) {
    try {
      await jose.jwtVerify(jwt, await cache.keys(), { algorithms: ['RS256'], currentDate: new Date(now() * 1000) });
      return true;
    } catch (error) {
      seen.reasons[error.code ?? error] = (seen.reasons[error.code ?? error] ?? 0) + (cache === stale ? 0 : 1);
      return false;
    }
  }

  async function check(jwt) {
    const results = await Promise.all(caches.map(cache => verifies(jwt, cache)));
    seen.checks += results.length;
    seen.unverified += results.filter(verified => !verified).length;
  }

  // At once, and again in its last seconds, when another key may sign already.
  async function oneToken() {
    const { jwt } = await post('jwts', { claims: { sub: 'me' }, ttl: grace });
    seen.tokens += 1;
    seen.keys.add(jose.decodeProtectedHeader(jwt).kid);
    await check(jwt);
    if (!await verifies(jwt, stale)) seen.unverifiedByStale += 1;
    await until(jose.decodeJwt(jwt).exp - 10);
    await check(jwt);
  }

  let rotating = true;
  const tokens = [];
  async function sign() {
    const first = Date.now();
    while (rotating) {
      tokens.push(oneToken());
      await sleep(first + tokens.length * 1000 / perSecond - Date.now());
    }
  }

  async function rotate() {
    for (let done = 0; done < rotations; done += 1) {
      const { nextRotation } = await post('rotate', { publishAhead: ahead, grace });
      await until(Date.parse(nextRotation) / 1000);
      let versions;
      do {
        ({ versions } = await (await fetch(`${ours}/rotation`, { headers })).json());
      } while (versions.some(version => version.status === 'next'));
    }
    // The last key signs for a while.
    await until(now() + ahead);
    rotating = false;
  }

  for (const cache of caches) {
    await cache.keys();
    await until(now() + 60 / caches.length);
  }
  await Promise.all([sign(), rotate()]);
  await Promise.all(tokens);
  seen.fetched = caches.reduce((sum, cache) => sum + cache.fetched, 0);
  console.log(JSON.stringify({ ...seen, keys: seen.keys.size, seconds: Math.round(now() - start) }));
}

main().catch(error => {
  console.error(error);
  process.exitCode = 1;
});
