// The administrator's pages in a browser, against the phone with its lab exchange: every
// page in both languages and colours, on a desktop and a mobile, by the keyboard alone.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { openBrowser, pictures, sleep, startPhone, until } from './phone.mjs';

const axe = readFileSync(new URL('../node_modules/axe-core/axe.min.js', import.meta.url), 'utf8');
let phone, browser;
before(async () => { [phone, browser] = await Promise.all([startPhone(), openBrowser()]); });
after(async () => { await browser?.close(); await phone?.stop(); });

// A test with a page of its own, which has no complaint after it.
function adminTest(name, f, options = {}) {
  test(name, { timeout: 180000 }, async () => {
    await phone.idle();
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, locale: 'en', ...options });
    const page = await context.newPage();
    page.complaints = [];
    page.on('console', (m) => { if (['error', 'warning'].includes(m.type())) page.complaints.push(m.text()); });
    page.on('pageerror', (e) => page.complaints.push(e.message));
    page.open = async (view) => {
      await page.goto(`${phone.url}admin/#/${view}`);
      await page.locator('#view h1').waitFor();
      await until(`page ${view}`, () => page.evaluate((v) => document.querySelector('nav [aria-current]')?.getAttribute('href') === `#/${v}`, view));
      await page.waitForLoadState('networkidle', { timeout: 1500 }).catch(() => {}); // event streams stay open
    };
    try {
      await f(page);
      assert.deepEqual(page.complaints, [], 'the console');
    } catch (e) {
      await page.screenshot({ path: `${pictures}failed-admin.png` }).catch(() => {});
      throw e;
    } finally {
      await context.close();
    }
  });
}
const full = process.env.WEB === 'smoke' ? () => {} : adminTest;

// The pages that this phone offers, from its own navigation.
async function views(page) {
  await page.open('overview');
  return page.evaluate(() => [...document.querySelectorAll('nav a')].map((a) => a.getAttribute('href')).filter((x) => x.startsWith('#/')).map((x) => x.slice(2)));
}

async function accessible(page, what) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }));
  const bad = violations.filter((v) => ['serious', 'critical'].includes(v.impact)).map((v) => `${v.id}: ${v.nodes.map((n) => n.target).join(', ')}`);
  assert.deepEqual(bad, [], `accessibility of ${what}`);
}

adminTest('the administrator sees the phone and ends its call', async (page) => {
  await phone.post('api/v1/commands/dial', { number: '9196' });
  await phone.call('active');
  await page.open('overview');
  await page.getByRole('article', { name: '9196' }).waitFor();
  assert.equal(await page.locator('#service').textContent(), 'In service');
  await page.locator('canvas[data-seq]').waitFor();
  await page.getByRole('button', { name: 'End' }).click();
  await until('the call ends', async () => !(await phone.status()).calls.some((c) => c.state === 'active'));
  const weight = await page.evaluate(() => performance.getEntriesByType('resource').concat(performance.getEntriesByType('navigation'))
    .filter((e) => !e.name.includes('/api/')).reduce((sum, e) => sum + e.encodedBodySize, 0));
  assert.ok(weight > 20_000 && weight < 100_000, `${weight} bytes`);
  await page.screenshot({ path: `${pictures}admin-overview.png` });
});

for (const [look, options] of Object.entries({
  'light, desktop': { colorScheme: 'light' }, 'dark, desktop, German': { colorScheme: 'dark', locale: 'de-CH' }, 'light, mobile, German': { colorScheme: 'light', locale: 'de', viewport: { width: 390, height: 844 } }, 'dark, mobile': { colorScheme: 'dark', viewport: { width: 390, height: 844 } },
})) {
  full(`every page: ${look}`, async (page) => {
    const all = await views(page);
    assert.ok(all.length >= 6, `${all}`);
    for (const view of all) {
      await page.open(view);
      await sleep(300);
      assert.equal(await page.evaluate(() => document.documentElement.scrollWidth <= document.documentElement.clientWidth), true, `${view} is not wider than the window`);
      await accessible(page, `${view}, ${look}`);
      await page.screenshot({ path: `${pictures}admin-${view}-${look.replace(/[^a-zA-Z]+/g, '-')}.png`, fullPage: true });
    }
  }, options);
}

full('by the keyboard alone: a page, a call, its end', async (page) => {
  await page.open('overview');
  for (let i = 0; i < 40 && !(await page.evaluate(() => document.activeElement.getAttribute('href') === '#/calls')); i += 1) await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { level: 1, name: 'Calls' }).waitFor();
  for (let i = 0; i < 40 && !(await page.evaluate(() => document.activeElement.name === 'number')); i += 1) await page.keyboard.press('Tab');
  await page.keyboard.type('9196');
  await page.keyboard.press('Enter');
  await phone.call('active');
  const end = page.getByRole('button', { name: 'End', exact: true });
  await end.waitFor();
  for (let i = 0; i < 60 && !(await end.evaluate((b) => b === document.activeElement)); i += 1) await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await until('the call ends', async () => !(await phone.status()).calls.some((c) => c.state === 'active'));
});

full('a name that is markup stays text', async (page) => {
  const evil = '<img src=x onerror=alert(1)>';
  const r = await fetch(`${phone.url}api/v1/contacts`, { method: 'POST', headers: { 'Content-Type': 'text/vcard' }, body: `BEGIN:VCARD\r\nVERSION:3.0\r\nFN:${evil}\r\nTEL:+41441234567\r\nEND:VCARD\r\n` });
  assert.ok(r.ok, String(r.status));
  let alarmed = false;
  page.on('dialog', (d) => { alarmed = true; d.dismiss(); });
  await page.open('contacts');
  await page.getByText(evil).waitFor();
  assert.equal(await page.locator('#view img').count(), 0);
  assert.equal(alarmed, false);
});

full('the update server is asked, and what it offers is installed', async (page) => {
  const orders = [], idle = { phase: 'idle', way: 'slots', version: '1.2.2', checked: '2026-11-30T08:00:00Z', nextCheck: '2026-12-01T08:00:00Z' };
  let state = idle;
  await page.route('**/api/v1/update*', (route) => { // this phone has no slots
    if (route.request().method() === 'GET') return route.fulfill({ json: state });
    orders.push(`${new URL(route.request().url()).pathname} ${route.request().postData()}`);
    state = { ...idle, phase: 'fetching', available: '1.2.3', percent: 40 };
    return route.fulfill({ status: 204 });
  });
  await page.route('**/api/v1/update/check', (route) => {
    orders.push(new URL(route.request().url()).pathname);
    state = { ...idle, available: '1.2.3', offered: '1.2.3', byItself: true, windowFrom: '2026-12-01T01:00:00Z', windowTo: '2026-12-01T04:00:00Z' };
    return route.fulfill({ status: 204 });
  });
  await page.open('updates');
  await page.getByText('Up to date, as far as is known').waitFor();
  assert.equal(await page.getByRole('button', { name: /^Install .* now$/ }).count(), 0);
  await page.getByRole('button', { name: 'Check now' }).click();
  await page.getByText('There is newer firmware').waitFor();
  assert.match(await page.locator('dl').first().textContent(), /Installed by itselfbetween .* and /);
  await accessible(page, 'an offer');
  await page.screenshot({ path: `${pictures}admin-updates-offer.png` });
  await page.getByRole('button', { name: 'Install 1.2.3 now' }).click();
  await page.getByText('The update is fetched').waitFor();
  assert.deepEqual(orders, ['/api/v1/update/check', '/api/v1/update {}']);
});

full('the history is filtered and dialled from', async (page) => {
  await phone.post('api/v1/commands/dial', { number: '9486' });
  await until('the call is in the history', async () => (await phone.get('api/v1/history')).calls.some((c) => c.phoneNumber === '9486'));
  await page.open('history');
  await page.getByRole('cell', { name: '9486' }).first().waitFor();
  await page.getByRole('searchbox').fill('no such number');
  await page.getByText('No call fits.').waitFor();
});
