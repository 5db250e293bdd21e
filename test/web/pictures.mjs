// Draws the README's pictures of the front panel into docs/img: in a call, on a desk and on a mobile.
import { openBrowser, openPanel, startPhone, until } from './phone.mjs';

const to = new URL('../../docs/img/', import.meta.url).pathname;
const [phone, browser] = await Promise.all([startPhone(), openBrowser()]);
try {
  const desk = await openPanel(browser, phone, { viewport: { width: 1180, height: 820 }, deviceScaleFactor: 2 });
  const mobile = await openPanel(browser, phone, { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true });
  await phone.post('api/v1/hook', { offHook: true });
  for (const k of '1002#') await phone.press(k);
  await phone.call('active');
  // A picture of both ways talking, in the third second of the call.
  await until('sound both ways', async () => {
    const { levels, calls: [c] } = await phone.status();
    return c.duration > 3000 && levels.mic > 0.3 && levels.speaker > 0.2 && c.quality.quality === 'excellent';
  });
  await desk.screenshot({ path: `${to}panel.png` });
  await mobile.screenshot({ path: `${to}panel-mobile.png`, fullPage: true });
} finally {
  await browser.close();
  await phone.stop();
}
