// What is seldom and ugly, between sipp and our phone on a classic line over UDP.
import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { add, full } from './harness.mjs';
import { address, sleep, until } from './exchange.mjs';
import { missing } from './ourphone.mjs';
import { answer, ask, authorised, pause, recv, reply, request, sdp, withSipp } from './sipp.mjs';
import { hearsTone } from './steps.mjs';

const ugly = (name, f) => add(full, `sipp: ${name}`, f, missing);
const count = (seen, fromPhone, start) => seen.filter((m) => m.fromPhone === fromPhone && m.text.startsWith(start)).length;

// Our phone calls sipp, which does the steps; during, if given, happens in the call.
const weCall = (steps, during, options) => withSipp(steps, async (p, start, seen) => {
  const ended = start();
  await p.do('dial', { number: '2001' });
  const detail = await during(p, seen, ended);
  await ended;
  return detail;
}, options);

// sipp calls our phone.
const theyCall = (steps, during, options) => withSipp(steps, async (p, start, seen) => {
  const ended = start();
  await p.see('incoming-call');
  const detail = await during(p, seen, ended);
  await ended;
  return detail;
}, options);
const answered = (p) => p.see('call-answered');
const hangUp = async (p) => { await answered(p); await p.do('end'); await p.see('call-ended'); };
const goodbye = [recv('BYE'), reply('200 OK')];
const whole = [recv('INVITE', { keep: 'call' }), reply('180 Ringing', { tag: 'a' }), reply('200 OK', { tag: 'a', body: sdp() }), recv('ACK'), ...goodbye];

ugly('two forks answer; the later one gets its ACK and a BYE', () => weCall([
  recv('INVITE', { keep: 'call' }), reply('180 Ringing', { tag: 'a' }), reply('180 Ringing', { tag: 'b', contact: 'fork' }),
  reply('200 OK', { tag: 'a', body: sdp() }), recv('ACK', { check: ['To', 'tag=a'] }), pause(500),
  reply('200 OK', { to: 'call', tag: 'b', contact: 'fork', body: sdp() }), recv('ACK', { check: ['To', 'tag=b'] }),
  recv('BYE', { check: ['To', 'tag=b'] }), reply('200 OK'), recv('BYE', { check: ['To', 'tag=a'] }), reply('200 OK'),
], async (p, seen) => {
  await answered(p);
  await until('a BYE to the later fork', () => seen.some((m) => m.fromPhone && /^BYE [^]*\nTo: [^\n]*tag=b/.test(m.text)));
  assert.ok(!p.events.some((e) => e.event === 'call-ended'), 'the call with the first fork ended');
  await hangUp(p);
}));

ugly('the answer comes three times: three ACKs, one call', () => {
  let acks = 0;
  return weCall(whole, async (p, seen) => {
    await answered(p);
    await until('three ACKs', () => count(seen, true, 'ACK ') === 3);
    await hangUp(p);
    assert.equal(p.events.filter((e) => e.event === 'call-answered').length, 1);
  }, { between: (text, fromPhone) => (!fromPhone && /^SIP\/2.0 200[^]*CSeq: \d+ INVITE/.test(text) ? 3 : fromPhone && text.startsWith('ACK ') && ++acks > 1 ? 0 : undefined) });
});

ugly('an INVITE comes three times: it rings once', () => {
  const gone = new Set();
  return theyCall([ask('INVITE', 1, { body: sdp() }), recv(100, { optional: true }), recv(180, { optional: true }), recv(200), ask('ACK', 1, { branch: 'ack' }), pause(500), ask('BYE', 2), recv(200)], async (p) => {
    await sleep(500);
    await p.do('answer');
    await p.see('call-ended');
    assert.equal(p.events.filter((e) => e.event === 'incoming-call').length, 1);
  }, { between: (text, fromPhone) => {
    if (!fromPhone && text.startsWith('INVITE ')) return 3;
    const again = fromPhone && text.startsWith('SIP/2.0 1') && gone.has(text);
    gone.add(text);
    return again ? 0 : undefined;
  } });
});

ugly('the first two INVITEs and the first answer are lost', () => {
  let invites = 0, answers = 0;
  const steps = [recv('INVITE', { keep: 'call' }), reply('200 OK', { tag: 'a', body: sdp(), repeat: true }), recv('ACK'), ...goodbye];
  return weCall(steps, hangUp, { between: (text, fromPhone) => {
    if (fromPhone && text.startsWith('INVITE ')) return ++invites > 2 ? 1 : 0;
    if (!fromPhone && text.startsWith('SIP/2.0 200') && text.includes(' INVITE')) return ++answers > 1 ? 1 : 0;
    return undefined;
  } });
});

ugly('both hold at once: 491 both ways, then ours is tried again', () => weCall([
  recv('INVITE', { keep: 'call' }), reply('200 OK', { tag: 'a', body: sdp() }), recv('ACK'),
  recv('INVITE', { keep: 're' }), request('INVITE', 1, { body: sdp('sendonly') }), recv(100, { optional: true }), recv(491), request('ACK', 1, { branch: 'INVITE-1' }),
  reply('491 Request Pending', { to: 're' }), recv('ACK'), recv('INVITE', { keep: 'more', ms: 8000 }), reply('200 OK', { body: sdp('recvonly') }), recv('ACK'), ...goodbye,
], async (p, seen) => {
  await answered(p);
  await p.do('hold', { on: true });
  await until('the hold is tried again', () => seen.filter((m) => m.fromPhone && m.text.startsWith('INVITE ') && m.text.includes('a=sendonly')).length >= 2, 10000);
  await until('its ACK', () => count(seen, true, 'ACK ') >= 3);
  await p.do('end');
  await p.see('call-ended');
}));

ugly('an answer crosses our CANCEL: ACK and BYE', () => weCall([
  recv('INVITE', { keep: 'call' }), reply('180 Ringing', { tag: 'a' }), recv('CANCEL'), reply('200 OK', { tag: 'a' }), reply('200 OK', { to: 'call', tag: 'a', body: sdp() }),
  recv('ACK'), ...goodbye,
], async (p, seen) => {
  await until('it rings', () => count(seen, false, 'SIP/2.0 180') > 0);
  await p.do('end');
  await p.see('call-ended');
  assert.ok(!p.events.some((e) => e.event === 'call-answered'));
}));

ugly('their CANCEL crosses our answer: the call goes on', () => theyCall([
  ask('INVITE', 1, { body: sdp() }), recv(100, { optional: true }), recv(180, { optional: true }), recv(200), ask('CANCEL', 1, { branch: 'INVITE-1' }), recv(200, { check: ['CSeq', 'CANCEL'] }),
  ask('ACK', 1, { branch: 'ack' }), pause(1000), ask('BYE', 2), recv(200),
], async (p, seen) => {
  await p.do('answer');
  await p.see('call-ended');
  assert.equal(count(seen, false, 'BYE '), 1);
}));

ugly('two BYEs cross', () => weCall([
  recv('INVITE', { keep: 'call' }), reply('200 OK', { tag: 'a', body: sdp() }), recv('ACK'), recv('BYE', { keep: 'bye' }), request('BYE', 1), recv(200), reply('200 OK', { to: 'bye' }),
], hangUp));

ugly('nobody confirms our answer: BYE after 32 s', () => theyCall([
  ask('INVITE', 1, { body: sdp() }), recv(100, { optional: true }), recv(180, { optional: true }), recv(200), recv('BYE', { ms: 45000 }), reply('200 OK'),
], async (p, seen, ended) => {
  await p.do('answer');
  await ended;
  const first = seen.find((m) => m.fromPhone && m.text.startsWith('SIP/2.0 200')).at, bye = seen.find((m) => m.fromPhone && m.text.startsWith('BYE ')).at;
  const wait = (bye - first) / 1000;
  assert.ok(wait > 31 && wait < 40, `the BYE came after ${wait} s`);
  await p.see('call-failed');
  return `BYE after ${wait.toFixed(1)} s`;
}));

// --- digest oddities ---

const challenge = (header, { realm, nonce, algorithm = 'MD5', qop = 'auth', stale }) => `${header}: Digest realm="${realm}", nonce="${nonce}", algorithm=${algorithm}, qop="${qop}"${stale ? ', stale=true' : ''}`;

// Challenges requests of a method in turn: each must have the credentials of those before.
function guard(method, rounds) {
  const header = method === 'REGISTER' ? ['401 Unauthorized', 'WWW-Authenticate', 'Authorization'] : ['407 Proxy Authentication Required', 'Proxy-Authenticate', 'Proxy-Authorization'];
  let round = 0;
  return (text, fromPhone) => {
    if (fromPhone && text.startsWith('ACK ') && text.includes('tag=between')) return 0;
    if (!fromPhone || !text.startsWith(`${method} `)) return undefined;
    const asked = rounds[round - 1] ?? [];
    const well = asked.every((c) => c.ignored || authorised(text, header[2], c));
    if (round > 0 && !well) return answer(text, '403 Wrong Credentials');
    if (round === rounds.length) return undefined;
    return answer(text, header[0], rounds[round++].map((c) => challenge(header[1], c)));
  };
}
const registers = (rounds) => () => withSipp(whole, async (p, start, seen) => `${count(seen, true, 'REGISTER ')} REGISTERs`, { between: guard('REGISTER', rounds) });
const r = 'exchange.test';
ugly('a nonce is stale at once, and again', registers([[{ realm: r, nonce: 'one' }], [{ realm: r, nonce: 'two', stale: true }], [{ realm: r, nonce: 'three', stale: true }]]));
ugly('SHA-256 is taken before MD5', registers([[{ realm: r, nonce: 'weak', ignored: true }, { realm: r, nonce: 'strong', algorithm: 'SHA-256' }]]));
ugly('a REGISTER is protected with auth-int', registers([[{ realm: r, nonce: 'whole', qop: 'auth-int' }]]));
for (const [name, c] of [
  ['two realms ask at once', [[{ realm: r, nonce: 'one' }, { realm: 'gateway', nonce: 'two', algorithm: 'SHA-256' }]]],
  ['one realm asks after the other', [[{ realm: r, nonce: 'one' }], [{ realm: 'gateway', nonce: 'two' }]]],
  ['an INVITE with its description is protected with auth-int', [[{ realm: r, nonce: 'body', qop: 'auth-int', algorithm: 'SHA-256' }]]],
]) ugly(name, () => weCall(whole, hangUp, { between: guard('INVITE', c) }));

// --- silence ---

// A-law (ITU-T G.711) of a sample from -1 to 1.
function alaw(x) {
  let v = Math.round(x * 4095);
  const sign = v >= 0 ? 0x80 : 0;
  v = Math.min(Math.abs(v), 4095);
  let exponent = 7;
  for (let mask = 0x800; exponent > 0 && !(v & mask); mask >>= 1) exponent--;
  const mantissa = exponent === 0 ? v >> 1 & 0xf : v >> exponent & 0xf;
  return (sign | exponent << 4 | mantissa) ^ 0x55;
}

ugly('100 s without a packet do not end a call, and sound is back at once', async () => {
  const socket = createSocket('udp4');
  await new Promise((done) => { socket.bind(0, address, done); });
  let port, sequence = 0, n = 0, speaking = true, timer;
  const send = () => {
    sequence++;
    if (!speaking || !port) return;
    const b = Buffer.alloc(172);
    b[0] = 0x80; b[1] = 8;
    b.writeUInt16BE(sequence & 0xffff, 2); b.writeUInt32BE(sequence * 160 >>> 0, 4); b.writeUInt32BE(0x5199, 8);
    for (let i = 0; i < 160; i++, n++) b[12 + i] = alaw(0.5 * Math.sin(2 * Math.PI * 440 * n / 8000));
    socket.send(b, port, address);
  };
  try {
    return await weCall([
      recv('INVITE', { keep: 'call' }), reply('200 OK', { tag: 'a', body: sdp('sendrecv', String(socket.address().port)) }), recv('ACK'), recv('BYE', { ms: 145000 }), reply('200 OK'),
    ], async (p, seen) => {
      await answered(p);
      port = +/m=audio (\d+)/.exec(seen.find((m) => m.fromPhone && m.text.startsWith('INVITE ')).text)[1];
      timer = setInterval(send, 20);
      const before = await hearsTone(p, 440, 'sipp');
      speaking = false;
      await sleep(100000);
      assert.ok(!p.events.some((e) => e.event === 'call-ended'), 'the call ended');
      speaking = true;
      const after = await hearsTone(p, 440, 'sipp');
      await p.do('end');
      await p.see('call-ended');
      return `heard ${before.dbfs} dBFS before, ${after.dbfs} dBFS after`;
    });
  } finally {
    clearInterval(timer);
    socket.close();
  }
});
