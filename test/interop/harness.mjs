// Cases are added, then run one after another: a line a case (see run).
import { SoundError } from './steps.mjs';
import { sleep } from './exchange.mjs';

const [mode = 'smoke', pattern = ''] = process.argv.slice(2);
const cases = [];

// Adds a case to the modes of run that it belongs to; skip is the reason not to run it.
export function add(modes, name, f, skip) {
  if (modes.includes(mode) && name.includes(pattern)) cases.push({ name, f, skip });
}
export const both = ['smoke', 'full'], full = ['full'];
export { mode };

// A browser that never answers must not cost the run all its time.
function within(p, ms) {
  let timer;
  const late = new Promise((_, failed) => { timer = setTimeout(() => failed(new Error(`not done within ${ms / 1000} s`)), ms); });
  return Promise.race([p, late]).finally(() => clearTimeout(timer));
}

async function tried(c) {
  const began = Date.now();
  const detail = await within(c.f(), 120000);
  return `${typeof detail === 'string' ? `${detail}, ` : ''}${((Date.now() - began) / 1000).toFixed(1)} s`;
}
const told = (e) => String(e.stack ?? e).split('\n').slice(0, 12).map((l) => `     ${l}`).join('\n');

// Runs all cases and tells whether all went well. What was heard depends on a machine that
// has time: a case that failed by its ears alone is listened to once more, and says so.
export async function runAll() {
  let failed = 0;
  for (const c of cases) {
    if (c.skip) { console.log(`SKIP ${c.name}: ${c.skip}`); continue; }
    try {
      let detail;
      try {
        detail = await tried(c);
      } catch (e) {
        if (!(e instanceof SoundError)) throw e;
        await sleep(1000);
        detail = `the second time (first: ${e.message}): ${await tried(c)}`;
      }
      console.log(`PASS ${c.name}: ${detail}`);
    } catch (e) {
      failed++;
      console.log(`FAIL ${c.name}\n${told(e)}`);
    }
    await sleep(200); // the exchange forgets the sockets
  }
  if (cases.length === 0) console.log(`FAIL no case is called ${pattern}`);
  return failed === 0 && cases.length > 0;
}
