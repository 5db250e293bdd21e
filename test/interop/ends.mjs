// Every phone of the tests as one kind of end: the same verbs, whoever is behind it.
//   call(user) (a browser also: what headers the INVITE has) answer() hold() resume() dtmf(digit) end() close()
//   incoming() connected() held() ended() wait for that; dtmfSeen(digit) too, where it can be seen
//   listen(ms) → {hz, dbfs}; hz, of the end itself, is the tone it speaks
import { openBaresip } from './baresip.mjs';
import { openBrowser, openPhone } from './browser.mjs';
import { openOurPhone } from './ourphone.mjs';
import { sleep, until, uri } from './exchange.mjs';

async function browserEnd(browser, user, options) {
  const p = await openPhone(browser, user, options);
  return {
    ...p,
    call: (to, headers = []) => p.do('call', uri(to), headers), answer: () => p.do('answer'), end: () => p.do('end'),
    hold: () => p.do('hold'), resume: () => p.do('resume'), dtmf: (digit) => p.do('dtmf', digit),
    incoming: () => p.see('incoming'), connected: () => p.see('accepted'), ended: () => p.see('ended'),
    held: () => until(`${p.name} is told of the hold`, async () => /a=(sendonly|inactive)/.test(await p.remote())),
    dtmfSeen: (digit) => p.see(`dtmf ${digit}`),
  };
}

// The browsers of the phones in them, started when the first is wanted; each has a tone.
const browsers = new Map();
function browserOf(hz) {
  if (!browsers.has(hz)) browsers.set(hz, openBrowser(hz));
  return browsers.get(hz);
}
export const closeBrowsers = () => Promise.all([...browsers.values()].map(async (b) => (await b).close()));
export const onA = (lib, user = '1001', options = {}) => async () => browserEnd(await browserOf(440), user, { lib, ...options });
export const onB = (lib, user = '1002', options = {}) => async () => browserEnd(await browserOf(1000), user, { lib, ...options });
export const ours = ({ user = '1005', ...options } = {}) => () => ourEnd(user, options);

async function ourEnd(user, options) {
  const p = await openOurPhone(user, options);
  return {
    ...p,
    call: (to) => p.do('dial', { number: to }), answer: () => p.do('answer'), end: () => p.do('end'),
    hold: () => p.do('hold', { on: true }), resume: () => p.do('hold', { on: false }), dtmf: (digit) => p.do('dtmf', { digits: digit }),
    incoming: () => p.see('incoming-call'), connected: () => p.see('call-answered'), ended: () => p.see('call-ended'),
    held: () => p.see('remote-hold'),
    transfer: (to) => p.do('transfer', { number: to }),
    // Calls another and, when it has answered, tells which call that is.
    consult: async (to) => {
      p.forget();
      await p.do('dial', { number: to });
      return async () => (await p.see('call-answered')).call;
    },
  };
}

export async function baresipEnd() {
  const p = await openBaresip();
  return {
    ...p,
    call: (to) => p.command('dial', uri(to)), answer: async () => {}, // it answers by itself
    end: () => p.command('hangup'),
    hold: () => p.command('hold'), resume: () => p.command('resume'), dtmf: undefined,
    incoming: async () => {}, connected: () => p.see('CALL_ESTABLISHED'), ended: () => p.see('CALL_CLOSED'),
    held: () => sleep(1000), // it tells nobody
    deafAfterHold: true, // its recorder ends with the first hold, though packets come
  };
}
