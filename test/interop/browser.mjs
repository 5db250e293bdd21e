// Phones in Debian's Chromium: SIP.js 0.13.8, SIP.js 0.21 and JsSIP behind one interface.
import { buildSync } from 'esbuild';
import { chromium } from 'playwright-core';
import { readFileSync, writeFileSync } from 'node:fs';
import { dir, domain, password, server, until } from './exchange.mjs';

const origin = 'https://phone.test';
const sip013 = readFileSync(new URL('../node_modules/sip.js-0.13/dist/sip.js', import.meta.url), 'utf8');
const page = buildSync({
  entryPoints: [new URL('page.js', import.meta.url).pathname], bundle: true, write: false,
  format: 'iife', platform: 'browser', define: { global: 'window' }, logLevel: 'error',
}).outputFiles[0].text;

// A WAV file with one tone in whole periods, so that it can be repeated without a click.
function toneFile(hz, rate = 48000, seconds = 2) {
  const n = rate * seconds, b = Buffer.alloc(44 + 2 * n);
  b.write('RIFF'); b.writeUInt32LE(36 + 2 * n, 4); b.write('WAVEfmt ', 8);
  b.writeUInt32LE(16, 16); b.writeUInt16LE(1, 20); b.writeUInt16LE(1, 22);
  b.writeUInt32LE(rate, 24); b.writeUInt32LE(2 * rate, 28); b.writeUInt16LE(2, 32); b.writeUInt16LE(16, 34);
  b.write('data', 36); b.writeUInt32LE(2 * n, 40);
  for (let i = 0; i < n; i++) b.writeInt16LE(Math.round(9000 * Math.sin(2 * Math.PI * hz * i / rate)), 44 + 2 * i);
  const file = `${dir}/tone-${hz}.wav`;
  writeFileSync(file, b);
  return file;
}

// A browser whose microphone hears one tone for ever.
export async function openBrowser(hz) {
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM || '/usr/bin/chromium', headless: true, chromiumSandbox: false,
    args: [
      '--ignore-certificate-errors', '--disable-features=LocalNetworkAccessChecks',
      '--allow-loopback-in-peer-connection', // there is no other device in this namespace
      '--autoplay-policy=no-user-gesture-required',
      '--use-fake-ui-for-media-stream', '--use-fake-device-for-media-stream', `--use-file-for-fake-audio-capture=${toneFile(hz)}`,
    ],
  });
  browser.hz = hz;
  return browser;
}

// A phone in a page of its own. It has signed in when this returns, unless wait is false.
export async function openPhone(browser, user, { lib = 'sip013', rtc = { iceServers: [] }, secret = password(user), wait = true } = {}) {
  const context = await browser.newContext({ permissions: ['microphone'] });
  const tab = await context.newPage();
  const files = { '/sip.js': sip013, '/page.js': page };
  await tab.route(`${origin}/**`, (route) => {
    const script = files[new URL(route.request().url()).pathname];
    if (script) return route.fulfill({ contentType: 'text/javascript; charset=utf-8', body: script });
    return route.fulfill({ contentType: 'text/html; charset=utf-8', body: '<!doctype html><audio autoplay></audio><script src=/sip.js></script><script src=/page.js></script>' });
  });
  const console = [];
  tab.on('console', (m) => console.push(m.text()));
  tab.on('pageerror', (e) => console.push(e.message));
  await tab.goto(`${origin}/`);
  await tab.evaluate((c) => window.phone.start(c), { lib, user, domain, server, secret, rtc });
  const phone = {
    user, hz: browser.hz, name: `${lib} ${user}`,
    do: (what, ...args) => tab.evaluate(([w, a]) => window.phone.do(w, ...a), [what, args]),
    stats: () => tab.evaluate(() => window.phone.stats()),
    remote: () => tab.evaluate(() => window.phone.remote()),
    listen: (ms = 1000) => tab.evaluate((m) => window.phone.listen(m), ms),
    notes: () => tab.evaluate(() => window.phone.notes),
    forget: () => tab.evaluate(() => { window.phone.notes.length = 0; }),
    async see(note, ms) {
      try {
        return await until(`${lib} ${user} notes "${note}"`, async () => (await phone.notes()).find((n) => n.startsWith(note)), ms);
      } catch (e) {
        throw new Error(`${e.message}; it noted: ${(await phone.notes()).join(', ')}; console: ${console.slice(-5).join(' | ')}`);
      }
    },
    close: () => context.close(),
  };
  if (wait) await phone.see('registered');
  return phone;
}
