// The phone with its lab exchange as a process of its own, its HTTP interface, and pages of it.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { chromium } from 'playwright-core';

const program = process.env.PHONE || new URL('../../bin/phonesim', import.meta.url).pathname;
export const pictures = new URL('../../build/web/', import.meta.url).pathname;
export const sleep = (ms) => new Promise((done) => { setTimeout(done, ms); });

// Polls until f returns something true; f may be async.
export async function until(what, f, ms = 20000) {
  for (const end = Date.now() + ms; ;) {
    const v = await f();
    if (v) return v;
    if (Date.now() > end) throw new Error(`${what}: not within ${ms} ms`);
    await sleep(25);
  }
}

// Starts the phone; it has registered when this returns. The microphone is a spoken sentence.
export async function startPhone(...args) {
  if (!existsSync(program)) throw new Error('bin/phonesim is not built: make build');
  const child = spawn(program, ['-listen', '127.0.0.1:0', '-sound', 'bench', ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  const said = [];
  child.stderr.on('data', (d) => said.push(String(d)));
  const url = await new Promise((done, failed) => {
    child.on('exit', (code) => failed(new Error(`the phone ended with status ${code}: ${said.join('').slice(-500)}`)));
    createInterface({ input: child.stdout }).on('line', (l) => { const m = /phone is at (http:\S+)/.exec(l); if (m) done(m[1]); });
  });
  const get = async (path) => (await fetch(url + path)).json();
  const post = async (path, body = {}) => {
    const r = await fetch(url + path, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) });
    if (!r.ok) throw new Error(`${path}: ${r.status} ${await r.text()}`);
  };
  // All that is published is kept.
  const events = [], following = new AbortController();
  (async () => {
    let text = '';
    const r = await fetch(`${url}api/v1/events?after=0`, { signal: following.signal });
    for await (const part of r.body.pipeThrough(new TextDecoderStream())) {
      const whole = (text + part).split('\n\n');
      text = whole.pop();
      for (const e of whole) {
        const m = /event: (.*)\ndata: (.*)/.exec(e);
        if (m) events.push({ event: m[1], ...JSON.parse(m[2]) });
      }
    }
  })().catch((e) => { if (!following.signal.aborted) events.push({ event: 'lost', error: String(e) }); });
  const phone = {
    url, child, get, post, said,
    status: () => get('api/v1/status'),
    press: (key) => post('api/v1/keys', { key }),
    // The call that is in the state, once there is one.
    call: (state) => until(`a call that is ${state}`, async () => (await phone.status()).calls.find((c) => c.state === state)),
    screen: (...names) => until(`screen ${names}`, async () => names.includes((await phone.status()).screen)),
    // Whatever was left is ended: handset down, no call, the idle screen.
    async idle() {
      await post('api/v1/hook', { offHook: false });
      await until('the phone is idle', async () => {
        const s = await phone.status();
        if (s.screen === 'idle' && !s.calls.some((c) => c.state !== 'ended')) return true;
        if (s.hasActiveCall) await post('api/v1/commands/end').catch(() => {});
        else await phone.press(['dialtone', 'hang_up'].includes(s.screen) && s.path === 'speaker' ? 'speaker' : s.screen === 'failed' || s.screen === 'ended' ? 'sk4' : 'back');
        await sleep(350); // soft keys keep their old meaning for 300 ms
        return false;
      });
    },
    events,
    // The next event of that name after the first n.
    event: (name, n) => until(`event ${name}`, () => events.slice(n).find((e) => e.event === name)),
    async stop() {
      following.abort();
      child.removeAllListeners('exit');
      child.kill('SIGTERM');
      await until('the phone ends', () => child.exitCode !== null || child.signalCode !== null, 15000).catch((e) => { child.kill('SIGKILL'); throw e; });
      if (child.exitCode !== 0) throw new Error(`the phone ended with status ${child.exitCode}: ${said.join('').slice(-1000)}`);
    },
  };
  if (args.includes('-fresh')) return phone; // nobody is signed in
  await until('the phone is registered', async () => (await phone.status()).isConnected);
  await phone.screen('idle');
  return phone;
}

export const openBrowser = () => chromium.launch({
  executablePath: process.env.CHROMIUM || '/usr/bin/chromium', headless: true, chromiumSandbox: false,
});

// A page of the panel in a context of its own, with its first picture.
export async function openPanel(browser, phone, { url = phone.url, ...options } = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  await context.addInitScript(() => {
    window.shifted = [];
    new PerformanceObserver((l) => { for (const e of l.getEntries()) window.shifted.push(`${e.value} by ${e.sources.map((x) => x.node?.id || x.node?.className || x.node?.nodeName)}`); }).observe({ type: 'layout-shift', buffered: true });
  });
  const page = await context.newPage();
  page.complaints = [];
  page.on('console', (m) => { if (['error', 'warning'].includes(m.type())) page.complaints.push(m.text()); });
  page.on('pageerror', (e) => page.complaints.push(e.message));
  await page.goto(url);
  await page.waitForSelector('canvas[data-seq]');
  page.key = (key) => page.locator(`[data-key="${key}"]`);
  page.lamp = (lamp) => page.locator(`[data-lamp="${lamp}"]`).getAttribute('data-pattern');
  page.picture = (top = 0) => page.evaluate((y) => {
    const lcd = document.getElementById('lcd');
    const copy = new OffscreenCanvas(lcd.width, lcd.height).getContext('2d', { willReadFrequently: true });
    copy.drawImage(lcd, 0, 0);
    return [...copy.getImageData(0, y, lcd.width, lcd.height - y).data].join();
  }, top);
  return page;
}
