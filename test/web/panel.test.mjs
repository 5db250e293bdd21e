// The front panel in a browser, against the phone with its lab exchange. WEB=smoke runs the
// tests that every change must pass, WEB=full all of them.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { connect, createServer } from 'node:net';
import { after, before, test } from 'node:test';
import { openBrowser, openPanel, pictures, sleep, startPhone, until } from './phone.mjs';

let phone, browser;
before(async () => { [phone, browser] = await Promise.all([startPhone(), openBrowser()]); });
after(async () => { await browser?.close(); await phone?.stop(); });

// A test with a panel of its own; the phone is idle before it, the page has no complaint after it.
function panelTest(name, f, options) {
  test(name, { timeout: 120000 }, async (t) => {
    await phone.idle();
    const page = await openPanel(browser, phone, options);
    try {
      await f(page, t);
      assert.deepEqual(page.complaints, [], 'the console');
      assert.deepEqual(await page.evaluate(() => window.shifted), [], 'layout shift');
    } catch (e) {
      await page.screenshot({ path: `${pictures}failed.png` }).catch(() => {});
      throw e;
    } finally {
      await page.context().close();
    }
  });
}
const full = process.env.WEB === 'smoke' ? () => {} : panelTest;

const picture = async (page, name) => { await sleep(250); await page.screenshot({ path: `${pictures}${name}.png` }); };
const lampIs = (page, lamp, pattern) => until(`lamp ${lamp} is ${pattern}`, async () => await page.lamp(lamp) === pattern);
const level = (page, id) => page.locator(`#${id}`).getAttribute('data-level').then(Number);
const talking = (page) => until('the loudspeaker meter moves', async () => await level(page, 'speaker') > 0.05);
const silent = (page) => until('the loudspeaker meter rests', async () => await level(page, 'speaker') < 0.02);

panelTest('the page loads, shows the LCD and is light', async (page) => {
  const lit = await page.evaluate(() => {
    const d = document.getElementById('lcd').getContext('2d').getImageData(0, 0, 320, 240).data;
    let n = 0;
    for (let i = 0; i < d.length; i += 4) n += d[i] + d[i + 1] + d[i + 2] > 450;
    return n;
  });
  assert.ok(lit > 200, `${lit} bright pixels`);
  const weight = await page.evaluate(() => performance.getEntriesByType('resource').concat(performance.getEntriesByType('navigation'))
    .filter((e) => e.initiatorType !== 'fetch' && !e.name.includes('/api/')).reduce((sum, e) => sum + e.encodedBodySize, 0));
  assert.ok(weight > 5000 && weight < 100_000, `${weight} bytes`);
  await picture(page, 'idle-light');
});

panelTest('clicks dial 9196, hold, resume, mute; the handset ends it', async (page) => {
  const n = phone.events.length;
  await page.locator('#hook').click();
  await phone.screen('dialtone');
  for (const k of '9196#') await page.key(k).click();
  await phone.call('active');
  assert.equal((await phone.event('call-started', n)).phoneNumber, '9196');
  await until('media are up', async () => (await phone.status()).calls[0].mediaUp);
  await talking(page);
  await lampIs(page, 'strip', 'on');
  assert.equal(await page.locator('#hook').getAttribute('aria-checked'), 'true');
  await picture(page, 'talking-light');

  await page.key('hold').click();
  await until('it is held', async () => (await phone.status()).calls[0].onHold);
  await lampIs(page, 'strip', 'slow');
  await silent(page);
  await page.key('hold').click();
  await until('it is resumed', async () => !(await phone.status()).calls[0].onHold);
  await talking(page);

  await page.key('mute').click();
  await until('it is muted', async () => (await phone.status()).muted);
  await lampIs(page, 'mute', 'on');
  await silent(page); // the echo of silence
  await page.key('mute').click();
  await talking(page);

  await page.locator('#hook').click();
  await until('the call is over', async () => !(await phone.status()).hasActiveCall);
});

full('the keyboard dials 9196 and hangs up', async (page) => {
  await page.keyboard.press('Space');
  await phone.screen('dialtone');
  for (const k of '9196') await page.keyboard.press(k);
  await page.keyboard.press('Enter');
  await phone.call('active');
  await talking(page);
  await page.keyboard.press('m');
  await lampIs(page, 'mute', 'on');
  await page.keyboard.press('Space');
  await until('the call is over', async () => !(await phone.status()).hasActiveCall);
});

full('touch dials 9196 on a mobile', async (page) => {
  assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'nothing is beyond the right edge');
  await page.key('speaker').tap();
  await phone.screen('dialtone');
  for (const k of '9196#') await page.key(k).tap();
  await phone.call('active');
  await talking(page);
  await page.evaluate(() => scrollTo(0, 0));
  await picture(page, 'talking-mobile');
  await page.key('sk2').tap(); // End
  await until('the call is over', async () => !(await phone.status()).hasActiveCall);
}, { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true });

panelTest('Anna calls: the lamp flashes, the soft key answers', async (page) => {
  await page.locator('#callme').click();
  await phone.screen('incoming');
  await lampIs(page, 'strip', 'fast');
  const animation = () => page.locator('[data-lamp=strip]').evaluate((e) => getComputedStyle(e).animationName);
  assert.equal(await animation(), 'blink');
  const answer = page.getByRole('button', { name: 'Answer', exact: true });
  await answer.waitFor();
  assert.equal(await answer.getAttribute('data-key'), 'sk1');
  assert.match(await page.locator('#say').textContent(), /^Incoming: Anna/);
  await picture(page, 'incoming-light');
  await page.emulateMedia({ reducedMotion: 'reduce' });
  assert.equal(await animation(), 'none', 'with reduced motion');
  assert.equal(await page.locator('#hook').evaluate((e) => getComputedStyle(e).transitionDuration), '0s');
  await sleep(350); // soft keys keep their old meaning for 300 ms
  await answer.click();
  const call = await phone.call('active');
  assert.equal(call.direction, 'inbound');
  await talking(page);
  await page.getByRole('button', { name: 'End', exact: true }).click();
  await until('the call is over', async () => !(await phone.status()).hasActiveCall);
});

full('Anna calls and is rejected', async (page) => {
  const n = phone.events.length;
  await page.locator('#callme').click();
  await phone.screen('incoming');
  await sleep(350);
  await page.getByRole('button', { name: 'Reject', exact: true }).click();
  await phone.event('call-ended', n);
  await lampIs(page, 'strip', 'off');
  assert.ok(!phone.events.slice(n).some((e) => e.event === 'call-answered'));
});

full('the volume overlay comes and goes', async (page) => {
  await page.key('sk4').click();
  await phone.screen('menu');
  await sleep(250);
  const before = await page.picture(24); // below the clock
  await page.key('vol+').click();
  await until('the overlay shows', async () => await page.picture(24) !== before);
  await picture(page, 'volume');
  await until('it goes after two seconds', async () => await page.picture(24) === before, 6000);
});

full('two panels show the same', async (page) => {
  const other = await openPanel(browser, phone, { viewport: { width: 1600, height: 900 } });
  await page.key('9').click();
  await other.key('1').click();
  await page.key('9').click();
  await other.key('6').click();
  await phone.screen('predial');
  await until('both show the same picture', async () => await page.picture() === await other.picture());
  const n = phone.events.length;
  await other.key('sk1').click(); // Call
  assert.equal((await phone.event('call-started', n)).phoneNumber, '9196');
  await phone.call('active');
  for (const p of [page, other]) await lampIs(p, 'strip', 'on');
  await other.context().close();
  await talking(page);
});

full('fifty keys a second arrive in order', async (page) => {
  const typed = Array.from({ length: 50 }, (_, i) => (i * 7 + 3) % 10).join('');
  const began = Date.now();
  for (let i = 0; i < typed.length; i++) {
    await page.keyboard.press(typed[i]);
    await sleep(Math.max(0, began + 20 * (i + 1) - Date.now()));
  }
  const took = Date.now() - began;
  const n = phone.events.length;
  await page.keyboard.press('F1'); // Call
  assert.equal((await phone.event('call-started', n)).phoneNumber, typed);
  assert.ok(took < 3000, `typed in ${took} ms`);
});

full('a browser that vanishes mid-frame leaves the phone well', async (page) => {
  const { hostname, port } = new URL(phone.url);
  await Promise.all(Array.from({ length: 20 }, (_, i) => new Promise((done, failed) => {
    const c = connect(port, hostname, () => c.write(`GET /api/v1/screen/stream HTTP/1.1\r\nHost: ${hostname}:${port}\r\n\r\n`));
    c.on('data', () => c.resetAndDestroy()); // in the middle of the first picture
    c.on('close', done).on('error', i < 0 ? failed : () => {});
  })));
  const doomed = await openPanel(browser, phone);
  await doomed.key('sk4').hover();
  await doomed.mouse.down(); // the finger stays on Menu
  await phone.screen('menu');
  await doomed.context().close();
  await page.key('back').click();
  await phone.screen('idle');
  await page.key('speaker').click();
  for (const k of '9196#') await page.key(k).click();
  await phone.call('active');
  await talking(page);
});

full('every key has a name, the focus goes through all of them, Enter and space press', async (page) => {
  const names = await page.locator('button').evaluateAll((all) => all.map((b) => b.getAttribute('aria-label') || b.textContent.trim()));
  assert.ok(names.every(Boolean), String(names));
  assert.equal(new Set(names).size, names.length, `names are unique: ${names}`);
  const focused = [];
  for (let i = 0; i < names.length; i++) {
    await page.keyboard.press('Tab');
    focused.push(await page.evaluate(() => document.activeElement.getAttribute('aria-label') || document.activeElement.textContent.trim()));
    const outline = await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle);
    assert.equal(outline, 'solid', `the focus on ${focused.at(-1)} can be seen`);
  }
  assert.deepEqual(focused, names);
  const n = phone.events.length;
  for (const [key, by] of [['9', 'Enter'], ['1', 'Space'], ['9', 'Enter'], ['6', 'Space'], ['sk1', 'Enter']]) {
    await page.key(key).focus();
    await page.keyboard.press(by);
    if (key === '6') await sleep(350);
  }
  assert.equal((await phone.event('call-started', n)).phoneNumber, '9196');
});

for (const [look, options] of [['light', {}], ['dark', { colorScheme: 'dark' }], ['mobile', { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true }]]) {
  full(`axe finds nothing serious, ${look}`, async (page) => {
    await page.evaluate(readFileSync(new URL('../node_modules/axe-core/axe.min.js', import.meta.url), 'utf8'));
    const found = await page.evaluate(() => globalThis.axe.run());
    const serious = found.violations.filter((v) => ['serious', 'critical'].includes(v.impact)).map((v) => `${v.id}: ${v.nodes.map((x) => x.target).join(' ')}`);
    assert.deepEqual(serious, []);
    assert.ok(found.passes.length > 15, `${found.passes.length} rules passed`);
  }, options);

  full(`words have a contrast of 4.5, ${look}`, async (page) => {
    // Every stop of a gradient counts: axe leaves words on gradients undecided.
    const poor = await page.evaluate(() => {
      const rgb = (s) => [...s.matchAll(/rgba?\(([^)]*)\)/g)].map((m) => m[1].split(',').map(Number)).filter((c) => c.length < 4 || c[3] === 1);
      const light = (c) => c.slice(0, 3).map((v) => v / 255).map((v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4).reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
      const grounds = (e) => {
        for (; e; e = e.parentElement) {
          const s = getComputedStyle(e), found = [...rgb(s.backgroundImage), ...rgb(s.backgroundColor)];
          if (found.length) return found;
        }
        return [[255, 255, 255]];
      };
      const out = [];
      for (const e of document.querySelectorAll('main *:not(.hidden)')) {
        if (![...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim())) continue;
        const ink = light(rgb(getComputedStyle(e).color)[0]);
        const from = e.matches('.rocker span') ? e.previousElementSibling : e;
        const worst = Math.min(...grounds(from).map(light).map((g) => (Math.max(g, ink) + 0.05) / (Math.min(g, ink) + 0.05)));
        if (worst < 4.5) out.push(`${e.textContent.trim()} ${worst.toFixed(2)}`);
      }
      return out;
    });
    assert.deepEqual(poor, []);
  }, options);
}

for (const scale of [1, 2]) {
  full(`the LCD is drawn at whole pixels, device scale ${scale}`, async (page) => {
    const { width, left, top, rendering } = await page.locator('#lcd').evaluate((e) => ({ ...e.getBoundingClientRect().toJSON(), rendering: getComputedStyle(e).imageRendering }));
    assert.equal(width * scale % 320, 0, `${width} CSS pixels wide`);
    assert.equal(rendering, 'pixelated');
    assert.ok(Number.isInteger(left * scale) && Number.isInteger(top * scale), `at ${left}, ${top}`);
    await picture(page, `sharp-${scale}`);
  }, { deviceScaleFactor: scale });
}

full('in a small window it still fits, smoothed', async (page) => {
  const box = await page.locator('.phone').boundingBox();
  assert.ok(box.y >= 0 && box.y + box.height <= 600, JSON.stringify(box));
  assert.equal(await page.locator('#lcd').evaluate((e) => getComputedStyle(e).imageRendering), 'auto');
}, { viewport: { width: 1024, height: 600 } });

full('in the dark', async (page) => {
  await page.key('speaker').click();
  await phone.screen('dialtone');
  await picture(page, 'dialtone-dark');
}, { colorScheme: 'dark' });

full('a lost connection is said, what is typed meanwhile is dropped, and the panel comes back', async () => {
  const { hostname, port } = new URL(phone.url), open = new Set();
  let cut = false;
  const wire = createServer((near) => {
    if (cut) { near.destroy(); return; }
    const far = connect(port, hostname);
    for (const [a, b] of [[near, far], [far, near]]) {
      open.add(a);
      a.pipe(b);
      a.on('error', () => {}).on('close', () => { open.delete(a); b.destroy(); });
    }
  });
  await new Promise((done) => { wire.listen(0, hostname, done); });
  const page = await openPanel(browser, phone, { url: `http://${hostname}:${wire.address().port}/` });
  cut = true;
  for (const s of open) s.destroy();
  await page.waitForSelector('#link[data-state=lost]');
  await page.key('5').click();
  await phone.press('sk4');
  await phone.screen('menu');
  cut = false;
  await page.waitForSelector('#link[data-state=live]');
  await until('it shows the menu', async () => /^Menu/.test(await page.locator('#say').textContent()));
  await page.key('back').click();
  await phone.screen('idle'); // not a number with a 5
  await page.context().close();
  wire.close();
});

panelTest('a session is recorded, and the script does the same again', async (page) => {
  await page.locator('#record').click();
  assert.equal(await page.locator('#record').getAttribute('aria-pressed'), 'true');
  await page.locator('#hook').click();
  await phone.screen('dialtone');
  for (const k of '91') await page.key(k).click();
  await phone.screen('dialing');
  await sleep(300);
  const [download] = await Promise.all([page.waitForEvent('download'), page.locator('#record').click()]);
  assert.equal(download.suggestedFilename(), 'session.script');
  const text = readFileSync(await download.path(), 'utf8');
  const orders = text.trim().split('\n').map((l) => JSON.parse(l));
  assert.deepEqual(orders.filter((o) => o.do !== 'wait').map((o) => o.key ?? o.do), ['lift', '9', '9', '1', '1', 'view', 'quit']);
  assert.ok(orders.every((o) => o.do !== 'wait' || o.ms > 0));
  // A phone of its own registers first, then the script runs.
  const again = spawnSync(phone.child.spawnfile, ['-script'], { input: `{"do":"wait","ms":3000}\n${text}`, encoding: 'utf8', timeout: 60000 });
  const views = again.stdout.trim().split('\n').map((l) => JSON.parse(l)).filter((l) => l.reply === 'view');
  assert.equal(views.at(-1)?.screen, 'dialing', again.stdout + again.stderr);
});
