// The receiver of a hook, as its owner would write it: it takes a call only with a token that `jose` finds good.

const http = require('node:http');
const { text } = require('node:stream/consumers');
const { close, listen } = require('./loopback');

async function startReceiver({ issuer, jwksUri, audience, scope = 'hook' }) {
  const { createRemoteJWKSet, jwtVerify } = await import('jose');
  const keys = createRemoteJWKSet(new URL(jwksUri));

  // Set `refuse` and it answers 401 to everything; set `silent` and it never answers.
  const receiver = { calls: [], refuse: false, silent: false };

  async function verify(request) {
    const [, token] = /^Bearer (\S+)$/.exec(request.headers.authorization ?? '') ?? [];
    if (!token) throw new Error('no bearer token');
    const { payload } = await jwtVerify(token, keys, { issuer, audience, algorithms: ['RS256'], typ: 'at+jwt' });
    if (payload.scope !== scope) throw new Error(`the scope is ${payload.scope}`);
    return payload;
  }

  async function answer(request, response) {
    const call = { method: request.method, headers: request.headers, body: await text(request) };
    receiver.calls.push(call);
    if (receiver.silent) return;
    try {
      call.claims = await verify(request);
      if (receiver.refuse) throw new Error('told to refuse');
    } catch (error) {
      call.refused = error.message;
      response.writeHead(401, { 'Content-Type': 'application/json' });
      response.end('{"error":"the token is not good"}');
      return;
    }
    // Something of the payload, so that the caller sees that it arrived.
    const nickName = String(JSON.parse(call.body).eventId);
    response.writeHead(200, { 'Content-Type': 'application/json' });
    response.end(JSON.stringify({ commands: [{ type: 'com.okta.user.profile.update', value: { nickName } }] }));
  }

  const server = http.createServer((request, response) => {
    // A caller that gives up in mid-request is none of the receiver's business.
    answer(request, response).catch(() => response.destroy());
  });
  receiver.uri = `${await listen(server)}/hook`;
  receiver.close = () => close(server);
  return receiver;
}

module.exports = { startReceiver };
