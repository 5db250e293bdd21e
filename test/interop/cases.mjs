// The matrix: node cases.mjs smoke|full [PATTERN]. Prints a line a case (see run).
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { openBrowser } from './browser.mjs';
import { baresipEnd, browserEnd, ourEnd } from './ends.mjs';
import { dir, rpc, sleep, turn, until, uri } from './exchange.mjs';
import { missing } from './ourphone.mjs';

const [mode = 'smoke', pattern = ''] = process.argv.slice(2);
const HEARD = -30, SILENT = -60; // dBFS: what counts as heard, and as silence
const cases = [];
const add = (tiers, name, f, skip) => { if (tiers.includes(mode) && name.includes(pattern)) cases.push({ name, f, skip }); };
const both = ['smoke', 'full'], full = ['full'];

// --- steps that calls are made of ---

// Waits until an end hears another's tone; the path takes a moment to open.
async function hears(listener, speaker) {
  let last;
  await until(`${listener.name} hears the ${speaker.hz} Hz of ${speaker.name}`, async () => {
    last = await listener.listen(600);
    return Math.abs(last.hz - speaker.hz) < 15 && last.dbfs > HEARD;
  }, 12000).catch((e) => { throw new Error(`${e.message}; heard ${last.hz} Hz at ${last.dbfs} dBFS`); });
  return last;
}
async function hearsNothing(listener) {
  let last;
  await until(`${listener.name} hears silence`, async () => { last = await listener.listen(1200); return last.dbfs < SILENT; }, 8000)
    .catch((e) => { throw new Error(`${e.message}; heard ${last.hz} Hz at ${last.dbfs} dBFS`); });
  return last;
}
async function tonesBothWays(a, b) {
  const [x, y] = await Promise.all([hears(a, b), hears(b, a)]);
  return `${x.dbfs} and ${y.dbfs} dBFS`;
}
async function connect(caller, callee) {
  await caller.call(callee.user);
  await callee.incoming();
  await callee.answer();
  await Promise.all([caller.connected(), callee.connected()]);
}

// A whole call: sound both ways, the caller holds and resumes, DTMF, somebody hangs up.
async function wholeCall(caller, callee, { hangsUp = caller, holdIsSilent = true } = {}) {
  await connect(caller, callee);
  const heard = await tonesBothWays(caller, callee);
  await caller.hold();
  await callee.held();
  let hold = 'not listened to';
  if (holdIsSilent) hold = `${(await hearsNothing(callee)).dbfs} dBFS`;
  await caller.resume();
  const after = await tonesBothWays(caller, callee);
  if (caller.dtmf && callee.dtmfSeen) {
    await caller.dtmf('5');
    await callee.dtmfSeen('5');
  }
  await hangsUp.end();
  await Promise.all([caller.ended(), callee.ended()]);
  return `heard ${heard}, on hold ${hold}, after it ${after}`;
}

// Opens ends, runs f with them and closes them whatever happens.
async function withEnds(openers, f) {
  const opened = await Promise.allSettled(openers.map((open) => open()));
  const ends = opened.filter((o) => o.status === 'fulfilled').map((o) => o.value);
  try {
    const failed = opened.find((o) => o.status === 'rejected');
    if (failed) throw failed.reason;
    return await f(...ends);
  } finally {
    await Promise.all(ends.map((e) => e.close()));
  }
}

const A = await openBrowser(440), B = await openBrowser(1000);
const onA = (lib, user = '1001', options = {}) => () => browserEnd(A, user, { lib, ...options });
const onB = (lib, user = '1002', options = {}) => () => browserEnd(B, user, { lib, ...options });
const ours = (options) => () => ourEnd('1005', options);

// --- the exchange and its phones among themselves: the ground the rest stands on ---

add(both, 'exchange refuses a wrong password', () => withEnds([onA('sip013', '1001', { secret: 'wrong', wait: false })], (a) => a.see('refused')));

// SIP.js keeps its microphone open on hold (it sends only the direction), so that
// its hold is not silent proves nothing.
const pairs = [['sip013', 'sip013', both], ['sip013', 'jssip', full], ['jssip', 'sip021', full], ['sip021', 'sip013', full]];
for (const [x, y, tiers] of pairs) {
  add(tiers, `${x} calls ${y}`, () => withEnds([onA(x), onB(y)], (a, b) => wholeCall(a, b, { holdIsSilent: x === 'jssip' })));
}

for (const lib of ['sip013', 'jssip', 'sip021']) {
  add(full, `${lib} calls baresip`, () => withEnds([onA(lib), baresipEnd], (a, b) => wholeCall(a, b, { holdIsSilent: lib === 'jssip' })));
  add(full, `baresip calls ${lib}`, () => withEnds([baresipEnd, onA(lib)], async (a, b) => {
    await connect(a, b);
    const heard = await tonesBothWays(a, b);
    await a.end();
    await b.ended();
    return `heard ${heard}`;
  }));
}

for (const transport of ['udp', 'tcp']) {
  const rtc = { iceTransportPolicy: 'relay', iceServers: [turn(transport)] };
  add(full, `relay only over ${transport}, in browsers`, () => withEnds([onA('sip013', '1001', { rtc }), onB('jssip', '1002', { rtc })], async (a, b) => {
    await connect(a, b);
    const heard = await tonesBothWays(a, b), s = await a.stats();
    assert.equal(s.path, 'relay');
    assert.equal(s.relay, transport);
    await a.end();
    await b.ended();
    return `heard ${heard}`;
  }));
}

add(full, 'recording asked for by INFO', () => withEnds([onA('sip013'), onB('sip013')], async (a, b) => {
  const folder = `${dir}/recordings/pcaps`, before = new Set(readdirSync(folder));
  await connect(a, b);
  await a.do('info', 'application/x-recording-command', 'start');
  await tonesBothWays(a, b);
  await a.do('info', 'application/x-recording-command', 'stop');
  await a.end();
  await b.ended();
  const file = await until('a recording', () => readdirSync(folder).find((f) => !before.has(f)));
  return `${statSync(`${folder}/${file}`).size} bytes`;
}));

add(full, 'blind transfer among browsers', () => withEnds([onA('sip013'), onB('jssip'), onA('sip021', '1004')], async (a, b, c) => {
  await connect(a, b);
  await a.do('refer', uri('1004'));
  await c.incoming();
  await c.answer();
  await c.connected();
  return tonesBothWays(b, c);
}));

// --- our phone ---

add(both, 'our phone is refused with a wrong password', () => withEnds([ours({ password: 'wrong', wait: false })], (p) => p.see('registration-failed')), missing);

for (const [lib, tiers] of [['sip013', both], ['sip021', full], ['jssip', full]]) {
  add(tiers, `our phone calls ${lib}`, () => withEnds([ours({ dtmf: 'info' }), onA(lib)], (p, b) => wholeCall(p, b)), missing);
  add(tiers, `${lib} calls our phone`, () => withEnds([onA(lib), ours()], (b, p) => wholeCall(b, p, { holdIsSilent: lib === 'jssip' })), missing);
  add(full, `${lib} calls our phone, which hangs up`, () => withEnds([onA(lib), ours()], (b, p) => wholeCall(b, p, { hangsUp: p, holdIsSilent: lib === 'jssip' })), missing);
  add(tiers, `${lib} calls our phone, which holds`, () => withEnds([onA(lib), ours()], async (b, p) => {
    await connect(b, p);
    await tonesBothWays(b, p);
    await p.hold();
    const hold = await hearsNothing(b);
    await p.resume();
    const after = await tonesBothWays(b, p);
    await p.end();
    await b.ended();
    return `on hold ${hold.dbfs} dBFS, after it ${after}`;
  }), missing);
}

add(full, 'our phone calls baresip', () => withEnds([ours(), baresipEnd], async (p, b) => {
  await connect(p, b);
  const heard = await tonesBothWays(p, b);
  await p.end();
  await b.ended();
  return `heard ${heard}`;
}), missing);
add(full, 'baresip calls our phone', () => withEnds([baresipEnd, ours()], async (b, p) => {
  await connect(b, p);
  const heard = await tonesBothWays(b, p);
  await b.end();
  await p.ended();
  return `heard ${heard}`;
}), missing);
add(full, 'our phone over plain SIP and RTP calls baresip', () => withEnds([ours({ server: 'udp://127.0.0.1:5060' }), baresipEnd], async (p, b) => {
  await connect(p, b);
  const heard = await tonesBothWays(p, b);
  await p.end();
  await b.ended();
  return `heard ${heard}`;
}), missing);

// Nothing but what comes from a relay reaches rtpengine; ends when f does.
async function withoutDirectPath(f) {
  const nft = (...args) => execFileSync('nft', args);
  nft('add', 'table', 'inet', 'direct');
  try {
    nft('add', 'chain', 'inet', 'direct', 'in', '{ type filter hook input priority 0 ; }');
    nft('add', 'rule', 'inet', 'direct', 'in', 'udp', 'dport', '30000-30999', 'udp', 'sport', '!=', '31000-31199', 'drop');
    return await f();
  } finally {
    nft('delete', 'table', 'inet', 'direct');
  }
}
for (const transport of ['udp', 'tcp']) {
  const rtc = { iceTransportPolicy: 'relay', iceServers: [turn('udp')] };
  add(full, `our phone with a relay only, over ${transport}`, () => withoutDirectPath(
    () => withEnds([ours({ ice: [turn(transport)] }), onA('sip013', '1001', { rtc })], async (p, b) => {
      await connect(p, b);
      const heard = await tonesBothWays(p, b);
      await p.end();
      await b.ended();
      return `heard ${heard}`;
    })), missing);
}

// kamailio closes the phone's WebSocket; the other's stay.
function dropSocketOf(user) {
  const port = /Received: sip:127\.0\.0\.1:(\d+)/.exec(rpc('ul.lookup', 'location', `s:${user}`))?.[1];
  const sockets = rpc('ws.dump').split('\n'), line = sockets.find((l) => port && l.includes(`:${port}`));
  const id = /(\d+): wss/.exec(line)?.[1];
  assert.ok(id, `no WebSocket of ${user} from port ${port} in:\n${sockets.join('\n')}`);
  rpc('ws.close', id);
}

add(full, 'jssip comes back after its socket was dropped', () => withEnds([onA('jssip', '1004')], async (a) => {
  await a.forget();
  dropSocketOf('1004');
  await a.see('registered', 20000);
}));
add(full, 'our phone comes back after its socket was dropped in a call, and talks on', () => withEnds([ours(), onA('sip013')], async (p, b) => {
  await connect(p, b);
  await tonesBothWays(p, b);
  p.forget();
  const began = Date.now();
  dropSocketOf('1005');
  await p.see('sip-registered', 30000);
  const back = Date.now() - began;
  const heard = await tonesBothWays(p, b);
  await p.end();
  await Promise.all([p.ended(), b.ended()]);
  return `back after ${back} ms, heard ${heard}`;
}), missing);

// --- the run ---

let failed = 0;
for (const c of cases) {
  const began = Date.now();
  if (c.skip) { console.log(`SKIP ${c.name}: ${c.skip}`); continue; }
  try {
    const detail = await c.f();
    console.log(`PASS ${c.name}: ${typeof detail === 'string' ? `${detail}, ` : ''}${((Date.now() - began) / 1000).toFixed(1)} s`);
  } catch (e) {
    failed++;
    console.log(`FAIL ${c.name}\n${String(e.stack ?? e).split('\n').slice(0, 12).map((l) => `     ${l}`).join('\n')}`);
  }
  await sleep(200); // the exchange forgets the sockets
}
await Promise.all([A.close(), B.close()]);
if (cases.length === 0) console.log(`FAIL no case is called ${pattern}`);
process.exit(failed || !cases.length ? 1 : 0);
