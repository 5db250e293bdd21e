// Measures the panel and prints JSON: milliseconds from a key to the changed picture, the first
// picture of a page, what the page weighs, and the renderer's benchmarks (nanoseconds a frame).
import { execFileSync } from 'node:child_process';
import { openBrowser, openPanel, sleep, startPhone, until } from './phone.mjs';

const presses = 200, loads = 10;
const quantile = (sorted, q) => sorted[Math.min(sorted.length - 1, Math.ceil(q * sorted.length) - 1)];
function summary(values) {
  const sorted = values.toSorted((a, b) => a - b);
  return Object.fromEntries(Object.entries({ p50: quantile(sorted, 0.5), p95: quantile(sorted, 0.95), max: sorted.at(-1) }).map(([k, v]) => [k, Number(v.toFixed(1))]));
}

// From the moment a key's request leaves to the frame event with the picture that it changed.
async function keyToScreen(phone) {
  const stop = new AbortController();
  const stream = await fetch(`${phone.url}api/v1/screen/stream`, { signal: stop.signal });
  let arrived = 0, frames = 0;
  (async () => {
    let text = '';
    for await (const part of stream.body.pipeThrough(new TextDecoderStream())) {
      const whole = (text + part).split('\n\n');
      text = whole.pop();
      for (const e of whole) if (e.startsWith('event: frame\n')) { arrived = performance.now(); frames++; }
    }
  })().catch(() => {});
  const took = [];
  await phone.press('1'); // the dial screen
  await phone.screen('predial');
  await sleep(500);
  for (let i = 0; i < presses; i++) {
    const before = frames, began = performance.now();
    await phone.press(i % 2 ? 'back' : String(i / 2 % 10)); // a digit comes, a digit goes
    await until('a frame', () => frames > before, 5000);
    took.push(arrived - began);
    await sleep(60); // the picture comes to rest
  }
  stop.abort();
  await phone.idle();
  return { presses, ...summary(took) };
}

async function page(phone, browser) {
  const first = [];
  let weight;
  for (let i = 0; i < loads; i++) {
    const context = await browser.newContext();
    const tab = await context.newPage();
    await tab.addInitScript(() => {
      new MutationObserver((_, o) => {
        if (document.querySelector('canvas[data-seq]')) { o.disconnect(); window.firstFrame = performance.now(); }
      }).observe(document, { subtree: true, childList: true, attributes: true });
    });
    await tab.goto(phone.url);
    first.push(await (await tab.waitForFunction(() => window.firstFrame)).jsonValue());
    weight = await tab.evaluate(() => Object.fromEntries(performance.getEntriesByType('navigation').concat(performance.getEntriesByType('resource'))
      .filter((e) => e.encodedBodySize && !/\/(api|sim)\//.test(e.name)).map((e) => [new URL(e.name).pathname, e.encodedBodySize])));
    await context.close();
  }
  return { pageBytes: { ...weight, total: Object.values(weight).reduce((a, b) => a + b, 0) }, firstFrameMs: { loads, ...summary(first) } };
}

function frameTimes() {
  const out = execFileSync('go', ['test', '-buildvcs=false', '-tags=nolibopusfile', '-run', '^$', '-bench', '^Benchmark(Full|Tick)$', './ui/lcd'], { cwd: new URL('../..', import.meta.url), encoding: 'utf8' });
  return Object.fromEntries([...out.matchAll(/^Benchmark(\S+?)(?:-\d+)?\s+\d+\s+([\d.]+) ns\/op/gm)].map((m) => [m[1], Number(m[2])]));
}

const [phone, browser] = await Promise.all([startPhone(), openBrowser()]);
const out = {};
try {
  out.keyToScreenMs = await keyToScreen(phone);
  Object.assign(out, await page(phone, browser));
} catch (e) {
  console.error(e);
  process.exitCode = 1;
} finally {
  await browser.close();
  await phone.stop();
}
out.frameNs = frameTimes();
console.log(JSON.stringify(out, null, 2));
