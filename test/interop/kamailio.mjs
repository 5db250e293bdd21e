// kamailio as the exchange: a proxy, so that the ends meet each other's own signalling.
import assert from 'node:assert/strict';
import { readdirSync, statSync } from 'node:fs';
import { add, both, full } from './harness.mjs';
import { baresipEnd, onA, onB, ours } from './ends.mjs';
import { dir, rpc, turn, until, uri } from './exchange.mjs';
import { addMatrix } from './matrix.mjs';
import './linphone.mjs';
import './ugly.mjs';
import { missing } from './ourphone.mjs';
import { connect, hears, hearsNothing, shortCall, tonesBothWays, wholeCall, withEnds } from './steps.mjs';

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
  add(full, `baresip calls ${lib}`, () => withEnds([baresipEnd, onA(lib)], (a, b) => shortCall(a, b)));
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

addMatrix(both, full);

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

// Intercom: the caller's phone asks ours to answer by itself. Nobody is at ours, so it
// must not be a microphone in an empty room: it is heard once somebody has let it.
const intercoms = [
  ['jssip', 'Call-Info', '<sip:exchange.test>;answer-after=0'],
  ['sip013', 'Alert-Info', '<http://www.notused.com>;info=alert-autoanswer;delay=0'],
  ['jssip', 'Alert-Info', '<http://exchange.test>;info="Auto Answer"'],
];
for (const [lib, header, value] of intercoms) {
  add(full, `our phone answers ${lib}'s ${header}: ${value.slice(value.indexOf(';') + 1)} by itself, muted`, () => withEnds([ours(), onB(lib)], async (p, b) => {
    await b.call(p.user, [`${header}: ${value}`]);
    await Promise.all([p.connected(), b.connected()]);
    const { path, muted } = await p.do('view');
    assert.deepEqual({ path, muted }, { path: 'speaker', muted: true });
    const there = await hears(p, b), here = await hearsNothing(b);
    await p.do('mute', { on: false });
    const after = await hears(b, p);
    await b.end();
    await Promise.all([p.ended(), b.ended()]);
    return `heard ${there.dbfs} dBFS here, ${here.dbfs} there, ${after.dbfs} once it may`;
  }), missing);
}
add(full, 'our phone only rings for an intercom call where it may not answer by itself', () => withEnds([ours({ settings: { auto_answer: 'off' } }), onB('jssip')], async (p, b) => {
  await b.call(p.user, ['Call-Info: <sip:exchange.test>;answer-after=0']);
  await p.incoming();
  assert.equal((await p.do('view')).screen, 'incoming');
  await p.do('reject');
  await Promise.all([p.ended(), b.see('failed')]);
}), missing);
