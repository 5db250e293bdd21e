// Pictures that are kept: a page is drawn and held against the picture in kept/. UPDATE=1 keeps what is drawn now. Up to
// one pixel in two hundred may differ, for another renderer's edges.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { pictures } from './phone.mjs';

export const kept = new URL('kept/', import.meta.url).pathname;

// The share of pixels that differ by more than a shade; 1 for pictures of different sizes.
async function differ(browser, a, b) {
  const page = await browser.newPage();
  try {
    return await page.evaluate(async ([x, y]) => {
      const pixels = async (b64) => {
        const m = await createImageBitmap(new Blob([Uint8Array.from(atob(b64), (c) => c.charCodeAt(0))], { type: 'image/png' }));
        const c = new OffscreenCanvas(m.width, m.height).getContext('2d');
        c.drawImage(m, 0, 0);
        return { w: m.width, h: m.height, d: c.getImageData(0, 0, m.width, m.height).data };
      };
      const [p, q] = [await pixels(x), await pixels(y)];
      if (p.w !== q.w || p.h !== q.h) return 1;
      let n = 0;
      for (let i = 0; i < p.d.length; i += 4) n += Math.max(Math.abs(p.d[i] - q.d[i]), Math.abs(p.d[i + 1] - q.d[i + 1]), Math.abs(p.d[i + 2] - q.d[i + 2])) > 32;
      return n / (p.w * p.h);
    }, [a.toString('base64'), b.toString('base64')]);
  } finally {
    await page.close();
  }
}

export async function compare(browser, now, name) {
  writeFileSync(`${pictures}${name}.png`, now);
  if (process.env.UPDATE) { mkdirSync(kept, { recursive: true }); writeFileSync(`${kept}${name}.png`, now); }
  assert.ok(existsSync(`${kept}${name}.png`), `kept/${name}.png is missing; UPDATE=1 keeps what is drawn now`);
  const share = await differ(browser, now, readFileSync(`${kept}${name}.png`));
  assert.ok(share < 0.005, `${name}: ${(100 * share).toFixed(2)} % of the pixels differ; see build/web/${name}.png`);
}
