// A vault of a test's own, with settings that the shared one does not have. It keeps nothing.

const assert = require('node:assert/strict');
const { spawn } = require('node:child_process');
const { once } = require('node:events');
const { createInterface } = require('node:readline');
const { text } = require('node:stream/consumers');

async function startVault(...settings) {
  const { VAULT_BINARY: binary } = process.env;
  assert.ok(binary, 'VAULT_BINARY says which program to run');
  const vault = spawn(binary, ['dev', '--ephemeral', '--listen', '127.0.0.1:0', ...settings], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const log = text(vault.stderr);
  const ended = once(vault, 'exit');
  // What it prints goes on being read, so that it never waits for a reader.
  const screen = createInterface({ input: vault.stdout });

  async function close() {
    vault.kill();
    assert.deepEqual(await ended, [0, null], await log);
  }

  const [first] = await Promise.race([once(screen, 'line'), ended.then(async () => { throw new Error(await log); })]);
  const [, address] = /^hookvault is running at (http:\/\/127\.0\.0\.1:\d+) /.exec(first) ?? [];
  if (!address) {
    await close();
    assert.fail(first);
  }
  return { address, close };
}

module.exports = { startVault };
