// How the front panel looks, in two languages, by day and night, on a desk and on a mobile, with all keys and with
// sixteen: compared with the pictures in kept/. UPDATE=1 keeps what is drawn now. What lives (the display, the meters)
// is hidden.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { compare as keep } from './kept.mjs';
import { openBrowser, openPanel, sleep, startPhone, until } from './phone.mjs';

let browser;
before(async () => { browser = await openBrowser(); });
after(async () => { await browser?.close(); });

async function compare(page, name) {
  await page.evaluate(() => {
    for (const e of [document.getElementById('lcd'), ...document.querySelectorAll('.meter i')]) e.style.visibility = 'hidden';
  });
  await keep(browser, await page.screenshot({ animations: 'disabled', mask: [page.locator('#lcd')], maskColor: '#0e1116' }), name);
}

const sizes = { desk: { viewport: { width: 1180, height: 820 } }, mobile: { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true } };

// The menu's way to German: Settings, Language, the first row.
async function german(phone) {
  await phone.press('sk4');
  await phone.screen('menu');
  for (const key of [...Array(6).fill('down'), 'ok', 'down', 'down', 'ok', 'ok']) { await phone.press(key); await sleep(40); }
  for (let i = 0; i < 3; i++) { await phone.press('back'); await sleep(40); }
  await phone.screen('idle');
}

for (const profile of ['full', 'minimal']) {
  test(`the panel looks as it did, ${profile} profile`, { timeout: 180000 }, async () => {
    const phone = await startPhone('-profile', profile);
    try {
      for (const locale of ['en', 'de']) {
        if (locale === 'de') {
          if (profile === 'minimal') { // the same way with the sixteen keys alone
            await phone.press('sk4');
            await phone.screen('menu');
            for (const key of '888888858855') { await phone.press(key); await sleep(40); }
            for (let i = 0; i < 2; i++) { await sleep(350); await phone.press('sk4'); }
            await phone.screen('idle');
          } else await german(phone);
        }
        for (const [size, options] of Object.entries(sizes)) {
          for (const colorScheme of ['light', 'dark']) {
            const page = await openPanel(browser, phone, { ...options, colorScheme });
            await until(`the page speaks ${locale}`, () => page.evaluate((l) => document.documentElement.lang === l, locale));
            await until('it is connected', () => page.evaluate(() => document.getElementById('link').dataset.state === 'live'));
            if (locale === 'de') {
              assert.match(await page.locator('#say').textContent(), /^Bereit/);
              assert.equal(await page.key('sk4').getAttribute('aria-label'), 'Menü');
            }
            assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'nothing is beyond the right edge');
            const beyond = await page.locator('button').evaluateAll((all) => all.filter((b) => b.checkVisibility() && (b.getBoundingClientRect().left < 0 || b.getBoundingClientRect().right > innerWidth)).map((b) => b.textContent));
            assert.deepEqual(beyond, [], 'keys beyond the edge');
            const cut = await page.evaluate(() => [...document.querySelectorAll('button, .bench *')].filter((e) => e.checkVisibility() && e.scrollWidth > e.clientWidth + 1 && e.clientWidth > 0 && !e.matches('.lines *, b')).map((e) => e.textContent.trim()));
            assert.deepEqual(cut, [], 'words that are cut');
            await compare(page, `panel-${profile}-${locale}-${colorScheme}-${size}`);
            await page.context().close();
          }
        }
      }
    } finally {
      await phone.stop();
    }
  });
}

test('sixteen keys make a whole call', { timeout: 120000 }, async () => {
  const phone = await startPhone('-profile', 'minimal');
  try {
    const page = await openPanel(browser, phone);
    const names = await page.locator('button[data-key]').evaluateAll((all) => all.filter((b) => b.checkVisibility()).map((b) => b.dataset.key));
    assert.deepEqual([...names].sort(), [...'0123456789*#', 'sk1', 'sk2', 'sk3', 'sk4'].sort());
    await page.keyboard.press('t'); // TRANSFER is not there
    await page.locator('#hook').click();
    await phone.screen('dialtone');
    for (const k of '9196#') await page.key(k).click();
    await phone.call('active');
    await sleep(350); // soft keys keep their old meaning for 300 ms
    await page.key('sk1').click();
    await until('it is held', async () => (await phone.status()).calls[0].onHold);
    await sleep(350);
    await page.key('sk1').click();
    await until('it is resumed', async () => !(await phone.status()).calls[0].onHold);
    await sleep(350);
    await page.key('sk2').click();
    await until('the call is over', async () => !(await phone.status()).hasActiveCall);
    assert.deepEqual(page.complaints, []);
    await page.context().close();
  } finally {
    await phone.stop();
  }
});
