// Servers of the tests' own: on a free port of loopback, and gone when the test is over.

async function listen(server) {
  await new Promise((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${server.address().port}`;
}

// Also ends the connections that a client keeps open, and those that still wait for an answer.
async function close(server) {
  if (!server.listening) return;
  const closed = new Promise(resolve => server.close(resolve));
  server.closeAllConnections();
  await closed;
}

module.exports = { close, listen };
