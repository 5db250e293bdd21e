// The phone's own sign-in page in a browser, as somebody finds it who scans the display's code: a phone
// out of the box becomes one that is registered. The certificate is the phone's own, so the browser is told
// to go on; that it is the one whose fingerprint the display shows is looked at from here.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { connect } from 'node:tls';
import { openBrowser, pictures, startPhone, until } from './phone.mjs';

const axe = readFileSync(new URL('../node_modules/axe-core/axe.min.js', import.meta.url), 'utf8');
const email = '1001@lab.test', password = 'lab-secret', wrong = 'not-the-pass-word';

const shown = (phone) => until('a code on the display', async () => {
  const s = await phone.get('sim/sign-in');
  return s.fingerprint && s;
});

const certificate = (url) => new Promise((done, failed) => {
  const { hostname, port } = new URL(url);
  const c = connect({ host: hostname, port, rejectUnauthorized: false }, () => { done(c.getPeerCertificate().fingerprint256.replaceAll(':', '')); c.destroy(); });
  c.on('error', failed);
});

function enrolTest(name, args, f, options = {}) {
  test(name, { timeout: 180000 }, async () => {
    const phone = await startPhone('-fresh', '-no-grant', '-v', ...args);
    const browser = await openBrowser();
    try {
      const context = await browser.newContext({ ignoreHTTPSErrors: true, locale: 'en', ...options });
      const page = await context.newPage();
      page.complaints = []; page.requests = [];
      page.on('console', (m) => { if (m.type() === 'error' && !/status of 4\d\d|status of 5\d\d|ERR_CONNECTION/.test(m.text())) page.complaints.push(m.text()); });
      page.on('pageerror', (e) => page.complaints.push(e.message));
      page.on('request', (r) => page.requests.push(r.url()));
      page.says = (words) => until(`the page says ${words}`, async () => (await page.locator('#status').textContent()).includes(words));
      page.send = async (word) => {
        await page.locator('#email').fill(email);
        await page.locator('#password').fill(word);
        await page.locator('#send').click({ noWaitAfter: true });
      };
      try {
        await f(phone, page);
      } catch (e) {
        await page.screenshot({ path: `${pictures}failed-enrol.png` }).catch(() => {});
        throw e;
      }
      assert.deepEqual(page.complaints, [], 'the console');
      // Neither password nor code in an address, in what the phone logged, published or answers.
      const s = await phone.get('api/v1/status');
      const everything = [...page.requests, ...phone.said, JSON.stringify(phone.events), JSON.stringify(s)].join('\n');
      for (const secret of [password, wrong]) assert.ok(!everything.includes(secret), `a password is in ${everything.slice(Math.max(0, everything.indexOf(secret) - 200), everything.indexOf(secret))}`);
      assert.ok(phone.said.join('').includes('sign-in page'), 'the log says nothing: the search proves nothing');
    } finally {
      await browser.close();
      await phone.stop();
    }
  });
}

enrolTest('the page signs the phone in, once', [], async (phone, page) => {
  const s = await shown(phone);
  assert.equal(await certificate(s.url), s.fingerprint, 'the certificate');
  await page.goto(s.qr);
  assert.equal(await page.locator('#code').inputValue(), s.code.replace('-', ''), 'the code of the fragment');
  assert.ok(!page.url().includes('#'), 'the code stays in the address');
  assert.equal(await page.locator('html').getAttribute('lang'), 'en');
  assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'nothing is beyond the right edge');
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }));
  assert.deepEqual(violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.target).join(', ')}`), [], 'accessibility');
  await page.screenshot({ path: `${pictures}enrol.png` });

  await page.locator('#send').click({ noWaitAfter: true });
  await page.says('Something is missing');
  assert.equal(await page.evaluate(() => document.activeElement.id), 'email');
  await page.locator('#code').fill('BBBB-BBBB');
  await page.send(password);
  await page.says('not the one on the phone');
  await page.waitForTimeout(1100); // one try a second
  await page.locator('#code').fill(s.code);
  await page.send(wrong);
  await page.says('Wrong e-mail or password');
  assert.equal(await page.locator('#email').inputValue(), email, 'what was typed stays');
  await page.waitForTimeout(1100);
  await page.send(password);
  await page.says('Done');
  assert.equal(await page.locator('#password').inputValue(), '', 'the password is gone from the page');
  await page.screenshot({ path: `${pictures}enrol-done.png` });
  await until('the phone is registered', async () => (await phone.status()).isConnected);
  await until('nothing listens any more', () => certificate(s.url).then(() => false, () => true));

  // Signed out, the phone offers another code; the old one has been used.
  const r = await fetch(`${phone.url}api/v1/session`, { method: 'DELETE' });
  assert.ok(r.ok, `signing out: ${r.status}`);
  const again = await shown(phone);
  assert.notEqual(again.code, s.code);
  await page.goto(s.qr);
  await page.send(password);
  await page.says('been used already');
}, { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true });

enrolTest('an expired code is told so, in German', ['-page-life', '8s'], async (phone, page) => {
  const s = await shown(phone);
  await page.goto(s.qr);
  assert.equal(await page.locator('html').getAttribute('lang'), 'de');
  assert.equal(await page.locator('h1').textContent(), 'Dieses Telefon anmelden');
  await until('another code', async () => { const n = await phone.get('sim/sign-in'); return n.code && n.code !== s.code && n.url === s.url; });
  await page.send(password);
  await page.says('abgelaufen');
  await page.screenshot({ path: `${pictures}enrol-de-dark.png` });
}, { locale: 'de-CH', colorScheme: 'dark' });
