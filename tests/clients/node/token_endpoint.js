// A token endpoint that we did not write: oidc-provider, set up as the owner of a hook would set it up.

const http = require('node:http');
const { close, listen } = require('./loopback');

// What it remembers: the assertions that it has seen. (Without an adapter of its user's it warns on every start.)
class Memory {
  #kept = new Map();
  async upsert(id, payload) { this.#kept.set(id, payload); }
  async find(id) { return this.#kept.get(id); }
}

// Each signs with a key of its own that has this name.
const KID = 'token-endpoint';

// What a token is for when the client does not say. A resource must be a URI (RFC 8707); its audience need not be.
const USUAL = 'urn:resource:usual';

// `jwksUri` is all that it knows of the client's key; without it, the client has the secret. Tokens are JWTs for `audience`,
// or for the `resource` that the client asks for.
async function startTokenEndpoint({ clientId, jwksUri, clientSecret, audience, scope = 'hook' }) {
  const { Provider } = await import('oidc-provider');
  const { exportJWK, generateKeyPair } = await import('jose');

  const server = http.createServer();
  // The issuer holds the port, so the port comes first.
  const issuer = await listen(server);
  const { privateKey } = await generateKeyPair('RS256', { extractable: true });
  const authentication = jwksUri
    ? { token_endpoint_auth_method: 'private_key_jwt', token_endpoint_auth_signing_alg: 'RS256', jwks_uri: jwksUri }
    : { token_endpoint_auth_method: 'client_secret_post', client_secret: clientSecret };

  const provider = new Provider(issuer, {
    adapter: Memory,
    clients: [{
      client_id: clientId,
      ...authentication,
      grant_types: ['client_credentials'],
      redirect_uris: [],
      response_types: [],
      scope,
    }],
    clientAuthMethods: [authentication.token_endpoint_auth_method],
    scopes: scope.split(' '),
    jwks: { keys: [{ ...await exportJWK(privateKey), kid: KID, alg: 'RS256', use: 'sig' }] },
    // By default it fetches no key set from a private address. Leaving its dispatcher out is the way to allow that.
    fetch: (url, { dispatcher, ...options }) => fetch(url, options),
    ttl: { ClientCredentials: 120 },
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => USUAL,
        getResourceServerInfo: (ctx, resource) => ({
          audience: resource === USUAL ? audience : resource,
          scope,
          accessTokenFormat: 'jwt',
          accessTokenTTL: 120,
          jwt: { sign: { alg: 'RS256' } },
        }),
      },
    },
  });

  // One entry for each token request. Why it was refused is told here only: the client hears the same in most cases.
  const requests = [];
  provider.on('grant.success', () => { requests.push('granted'); });
  provider.on('grant.error', (ctx, error) => { requests.push(error.error_detail ?? error.error_description); });
  // The path of each request.
  const paths = [];
  server.on('request', request => { paths.push(request.url); });
  server.on('request', provider.callback());

  return {
    issuer,
    tokenUrl: `${issuer}/token`,
    jwksUri: `${issuer}/jwks`,
    kid: KID,
    requests,
    paths,
    close: () => close(server),
  };
}

module.exports = { startTokenEndpoint };
