// FreeSWITCH and Asterisk: the matrix, and what only they do. A case that stands for a row
// of docs/interop.md names it.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { add } from '../harness.mjs';
import { onA, ours } from '../ends.mjs';
import { dir, kind, manage, plain, plainServer, sleep, uri, until } from '../exchange.mjs';
import { addMatrix } from '../matrix.mjs';
import { missing } from '../ourphone.mjs';
import { connect, hears, hearsTone, tonesBothWays, withEnds } from '../steps.mjs';

const whole = [kind], freeswitch = kind === 'freeswitch';
const ofOurs = (name, f) => add(whole, name, f, missing);
const only = (which, name, f) => { if (which === kind) ofOurs(name, f); };
const log = () => readFileSync(`${dir}/log/${kind}.log`, 'utf8');

addMatrix(whole, whole);

// --- numbers of the exchange itself ---

ofOurs('the exchange echoes what our phone says', () => withEnds([ours()], async (p) => {
  await p.call('9196');
  await p.connected();
  const { dbfs } = await hearsTone(p, p.hz, 'itself');
  await p.end();
  await p.ended();
  return `heard ${dbfs} dBFS`;
}));
ofOurs('the exchange hangs up', () => withEnds([ours()], async (p) => {
  await p.call('9199');
  await p.connected();
  return `reason ${(await p.ended()).reason}`;
}));
ofOurs('sound before the answer is heard', () => withEnds([ours()], async (p) => {
  await p.call('9183');
  const { dbfs } = await hearsTone(p, 1004);
  assert.equal(p.events.find((e) => e.event === 'call-answered'), undefined, 'not answered yet');
  await p.connected();
  await hearsTone(p, p.hz, 'itself');
  return `early ${dbfs} dBFS`;
}));
const refusals = { 9486: 'busy', 9404: 'not_found', 9603: 'not_allowed', 9503: 'no_connection' };
for (const [number, cause] of Object.entries(refusals)) {
  ofOurs(`the exchange refuses ${number}: ${cause}`, () => withEnds([ours()], async (p) => {
    await p.call(number);
    assert.equal((await p.see('call-failed')).error, cause);
  }));
}
ofOurs('our phone gives up a call that only rings', () => withEnds([ours()], async (p) => {
  await p.call('9480');
  await p.see('call-ringing');
  await p.end();
  await p.ended();
}));

for (const [how, options, row] of [
  ['by INFO', { dtmf: 'info' }, freeswitch ? ' (row 14)' : ''],
  ['as telephone-events', { user: plain.ours, server: plainServer, dtmf: 'rfc4733' }, ''],
]) {
  // Asterisk's WebSocket phones are configured for INFO, the others for both.
  ofOurs(`the exchange reads digits ${how}${row}`, () => withEnds([ours(options)], async (p) => {
    const before = log().length;
    await p.call('9300');
    await p.connected();
    await until('a way for sound', async () => (await p.do('stats')).media);
    await p.dtmf('4159#');
    await until('the digits in the log', () => /DIGITS 4159/.test(log().slice(before)));
  }));
}

// --- rows of docs/interop.md ---

only('asterisk', 'a phone registers with SHA-256 (row 13)', () => withEnds([ours({ user: plain.ours, server: plainServer })], async (p) => {
  await p.call('9197');
  await p.connected();
  return `heard ${(await hearsTone(p, 1004)).dbfs} dBFS`;
}));
only('asterisk', 'Opus alone is passed through, as payload type 107 (row 3)', () => withEnds([ours({ user: '1007' }), onA('jssip', '1008')], async (p, b) => {
  await connect(p, b);
  const heard = await tonesBothWays(p, b);
  const { codec } = await b.stats();
  assert.match(codec, /opus/i);
  await b.end();
  await p.ended();
  return `heard ${heard}`;
}));
only('freeswitch', 'Opus without a=mid, group or a=ssrc is heard (rows 2 to 4)', () => withEnds([ours()], async (p) => {
  await p.call('9197');
  await p.connected();
  return `heard ${(await hearsTone(p, 1004)).dbfs} dBFS`;
}));
ofOurs('the first sound comes soon after the answer (row 8)', () => withEnds([ours()], async (p) => {
  const waits = [];
  for (let i = 0; i < 5; i++) {
    p.forget();
    await p.call('9197');
    await p.connected();
    const began = Date.now();
    await until('the tone', async () => (await p.listen(100)).dbfs > -40, 8000);
    waits.push(Date.now() - began);
    await p.end();
    await p.ended();
  }
  waits.sort((x, y) => x - y);
  assert.ok(waits[4] < 3000, `as late as ${waits[4]} ms: a first DTLS message was lost`);
  return `${waits.join(', ')} ms, a tenth of a second of listening among it`;
}));
ofOurs(`recording asked for by INFO is ${freeswitch ? 'answered, which proves nothing' : 'not answered at all'} (row 14)`, () => withEnds([ours()], async (p) => {
  await p.call('9196');
  await p.connected();
  await hearsTone(p, p.hz, 'itself');
  p.forget();
  await p.do('record', { on: true });
  const states = () => p.events.filter((e) => e.event === 'recording').map((e) => e.state);
  await until('what became of it', () => states().some((s) => s !== 'asked') || (freeswitch && states().length), 12000);
  assert.ok(!states().includes('confirmed') && !states().includes('recording'), `claimed: ${states()}`);
  const { dbfs } = await hearsTone(p, p.hz, 'itself');
  await p.end();
  await p.ended();
  return `${states().join(', ')}; the call went on at ${dbfs} dBFS`;
}));
ofOurs('our phone is handed on by the other (row 15)', () => withEnds([onA('sip013'), ours(), onA('sip021', '1004')], async (a, p, c) => {
  await connect(a, p);
  await tonesBothWays(a, p);
  await a.do('refer', uri(c.user));
  await c.incoming();
  await c.answer();
  await c.connected();
  const { dbfs } = await hears(c, p);
  await c.end();
  await p.ended();
  return `heard ${dbfs} dBFS`;
}));
// It goes on with another number only where its user has said so, and names whom it would be.
ofOurs('a number that forwards calls nobody unasked (row 25)', () => withEnds([ours()], async (p) => {
  await p.call('9302');
  const { error } = await p.see('call-failed');
  assert.equal(error, 'redirected');
}));

ofOurs('a waiting message is shown (row 17)', () => withEnds([ours(), onA('sip013')], async (p, a) => {
  p.forget();
  if (freeswitch) {
    manage(`voicemail_inject 1005@exchange.test ${dir}/tone-440.wav 1001 Caller`);
  } else {
    await a.call('9705');
    await a.connected();
    await sleep(3000); // this is the message
    await a.end();
  }
  const { count } = await until('a message', () => p.events.find((e) => e.event === 'mwi' && e.count > 0), 15000);
  return `${count} waiting`;
}));

ofOurs('a call is parked by dialling, and taken back by dialling (row 21)', () => withEnds([onA('sip013'), ours()], async (a, p) => {
  await a.call('705');
  await a.connected();
  await hearsTone(a, 320, 'the music on hold');
  await p.call('705');
  await p.connected();
  const heard = await tonesBothWays(a, p);
  await p.end();
  await a.ended();
  return `heard ${heard}`;
}));
only('freeswitch', 'the Call-ID is the UUID, both ways, and the far party lands in the slot (row 20)', () => withEnds([onA('sip013'), ours()], async (a, p) => {
  for (const [from, to] of [[a, p], [p, a]]) {
    p.forget();
    await a.forget();
    await connect(from, to);
    await tonesBothWays(a, p);
    const channels = JSON.parse(manage('show channels as json')).rows;
    const { uuid } = channels.find((c) => `${c.name} ${c.dest} ${c.cid_num} ${c.presence_id}`.includes('/1005@'));
    assert.equal(manage(`uuid_getvar ${uuid} sip_call_id`).trim(), uuid);
    manage(`uuid_transfer ${uuid} -bleg 706 XML phones`);
    await p.ended();
    await hearsTone(a, 320, 'the music on hold');
    await a.end();
    await a.ended();
  }
}));
