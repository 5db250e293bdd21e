// How the administrator's pages look, by day and night, in two languages, on a desktop and a mobile: compared with the
// pictures in kept/. The phone's answers are those of kept/admin-answers.json, at the time when they were given, so that
// pictures differ only where the pages do. UPDATE=1 asks the phone anew, and keeps its answers and what is drawn now;
// UPDATE=pictures keeps what is drawn of the answers that are there.
import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { compare, kept } from './kept.mjs';
import { openBrowser, sleep, startPhone, until } from './phone.mjs';

const file = `${kept}admin-answers.json`;
const recording = process.env.UPDATE === '1';
let phone, browser, answers = { at: Date.UTC(2026, 10, 30, 9, 41), paths: {} };
before(async () => {
  [phone, browser] = await Promise.all([startPhone(), openBrowser()]);
  if (recording) {
    answers.at = Date.now();
    await phone.post('api/v1/commands/dial', { number: '9199' }); // for history, ladder and flight recorder
    await phone.call('active');
    await until('the call is over', async () => (await phone.status()).calls.length === 0);
  } else {
    assert.ok(existsSync(file), 'kept/admin-answers.json is missing; UPDATE=1 asks the phone');
    answers = JSON.parse(readFileSync(file, 'utf8'));
  }
});
after(async () => {
  await browser?.close();
  await phone?.stop();
  if (recording) writeFileSync(file, `${JSON.stringify(answers, null, 1)}\n`);
});

// answer gives what was kept of a request; what was not is a fault of the test.
async function answer(route, missing) {
  const url = new URL(route.request().url()), path = url.pathname + url.search;
  if (recording && !(path in answers.paths)) {
    const r = await route.fetch();
    const type = r.headers()['content-type'] ?? '', body = await r.body();
    // What tells of the machine on which it was asked has no place in a picture.
    answers.paths[path] = { status: r.status(), type, body: /json|text/.test(type) ? body.toString().replaceAll(/\/(tmp|work|home|root)\/[^"\\\s]*/g, '/var/lib/phoned') : undefined, data: /json|text/.test(type) ? undefined : body.toString('base64') };
  }
  const a = answers.paths[path];
  if (!a) { missing.push(path); return route.fulfill({ status: 404, contentType: 'application/problem+json', body: '{}' }); }
  return route.fulfill({ status: a.status, contentType: a.type, body: a.data === undefined ? a.body : Buffer.from(a.data, 'base64') });
}

for (const [name, options] of Object.entries({
  'en-light-desk': { locale: 'en', colorScheme: 'light', viewport: { width: 1280, height: 900 } },
  'de-dark-desk': { locale: 'de', colorScheme: 'dark', viewport: { width: 1280, height: 900 } },
  'de-light-mobile': { locale: 'de', colorScheme: 'light', viewport: { width: 390, height: 844 } },
  'en-dark-mobile': { locale: 'en', colorScheme: 'dark', viewport: { width: 390, height: 844 } },
})) {
  test(`the administrator's pages look as they did, ${name}`, { timeout: 180000 }, async () => {
    const context = await browser.newContext({ ...options, timezoneId: 'Europe/Zurich', reducedMotion: 'reduce' });
    try {
      const page = await context.newPage(), missing = [];
      await page.clock.setFixedTime(answers.at);
      // Streams say nothing: what lives is not in a picture.
      await page.addInitScript(() => {
        window.EventSource = class extends EventTarget { constructor() { super(); this.readyState = 1; setTimeout(() => this.onopen?.(new Event('open'))); } close() {} };
      });
      await page.route('**/{api,metrics}/**', (route) => answer(route, missing));
      await page.goto(`${phone.url}admin/#/overview`);
      await page.locator('#view h1').waitFor();
      const views = await page.evaluate(() => [...document.querySelectorAll('nav a')].map((a) => a.getAttribute('href')).filter((x) => x.startsWith('#/')).map((x) => x.slice(2)));
      assert.ok(views.length >= 10, `${views}`);
      for (const view of views) {
        await page.evaluate((v) => { location.hash = `#/${v}`; }, view);
        await until(`page ${view}`, () => page.evaluate((v) => document.querySelector('nav [aria-current]')?.getAttribute('href') === `#/${v}`, view));
        await page.locator('#view h1').waitFor();
        await page.waitForLoadState('networkidle');
        await sleep(300);
        await page.evaluate(() => scrollTo(0, 0));
        await compare(browser, await page.screenshot({ animations: 'disabled' }), `admin-${view}-${name}`);
      }
      assert.deepEqual(missing, [], 'asked for, and not among what is kept');
    } finally {
      await context.close();
    }
  });
}
