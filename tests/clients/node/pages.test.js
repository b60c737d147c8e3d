// The pages as a person meets them, in a real browser: what `dev` prints is typed in as it is.

const assert = require('node:assert/strict');
const { after, before, test } = require('node:test');
const { chromium } = require('playwright-core');

const { OKTA_CLIENT_ORGURL: address, OKTA_CLIENT_TOKEN: token } = process.env;
// It talks to nobody but the vault.
const quiet = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync',
];
let browser;

before(async () => {
  browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args: quiet });
});
after(() => browser?.close());

// A page that asks nobody but the vault for anything, and in which nothing fails or is refused by its policy.
async function open(t, path) {
  const page = await browser.newPage();
  const wrong = [];
  page.on('request', request => { if (!request.url().startsWith(address) && !request.url().startsWith('data:')) wrong.push(request.url()); });
  page.on('console', message => { if (message.type() === 'error') wrong.push(message.text()); });
  page.on('pageerror', error => wrong.push(String(error)));
  t.after(async () => {
    await page.close();
    assert.deepEqual(wrong, []);
  });
  page.setDefaultTimeout(30_000);
  await page.goto(address + path);
  return page;
}

test('the first page says what this is, that it is ready, and what to paste', async t => {
  const page = await open(t, '/');
  assert.equal(await page.title(), 'hookvault');
  assert.equal(await page.textContent('.state'), 'It is ready.');
  const pasted = await page.locator('pre').allTextContents();
  assert.ok(pasted.some(lines => lines.includes(`export OKTA_CLIENT_TOKEN=${token}`)), pasted.join('\n'));
  await page.click('text=Documents of the API');
  await page.waitForSelector('text=List all hook keys');
});

for (const scheme of ['apiToken', 'accessToken']) {
  test(`in the documents the token works as it is printed, given as ${scheme}, and no form asks for a client secret`, async t => {
    const page = await open(t, '/docs/');
    await page.click('button.authorize');
    const dialog = page.locator('.dialog-ux');
    await dialog.waitFor();
    assert.doesNotMatch(await dialog.textContent(), /client_?secret/i);
    const form = dialog.locator('form', { hasText: scheme });
    await form.locator('input').fill(token);
    await form.getByRole('button', { name: 'Apply credentials' }).click();
    await form.getByRole('button', { name: 'Close' }).click();

    const list = page.locator('.opblock', { hasText: 'List all hook keys' });
    await list.locator('.opblock-summary-control').click();
    await list.getByRole('button', { name: 'Try it out' }).click();
    await list.getByRole('button', { name: 'Execute' }).click();
    assert.match(await list.locator('.live-responses-table .response .response-col_status').textContent(), /^200/);
    assert.match(await list.locator('.curl').textContent(), new RegExp(`Authorization: SSWS ${token}`));
  });
}
