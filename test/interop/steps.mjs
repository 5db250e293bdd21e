// What calls are made of, whoever the ends are and whatever exchange is between them.
import { execFileSync } from 'node:child_process';
import { createServer, connect as open } from 'node:net';
import { address, holdMusic, rtpPorts, server, until } from './exchange.mjs';

export const HEARD = -30, SILENT = -60; // dBFS: what counts as heard, and as silence

// SoundError says that what was heard was wrong: the one kind of failure that a machine
// without time to spare can cause alone.
export class SoundError extends Error {}
const heardWrong = (last) => (e) => { throw new SoundError(`${e.message}; heard ${last()?.hz} Hz at ${last()?.dbfs} dBFS`); };

// Waits until an end hears a tone; the path takes a moment to open.
export async function hearsTone(listener, hz, whose = 'the exchange') {
  let last;
  await until(`${listener.name} hears the ${hz} Hz of ${whose}`, async () => {
    last = await listener.listen(600);
    return Math.abs(last.hz - hz) < 15 && last.dbfs > HEARD;
  }, 12000).catch(heardWrong(() => last));
  return last;
}
export const hears = (listener, speaker) => hearsTone(listener, speaker.hz, speaker.name);
export async function hearsNothing(listener) {
  let last;
  await until(`${listener.name} hears silence`, async () => { last = await listener.listen(1200); return last.dbfs < SILENT; }, 8000)
    .catch(heardWrong(() => last));
  return last;
}
// On hold: the exchange's music if it has one, else silence.
export async function hearsHold(listener) {
  return holdMusic ? `music at ${(await hearsTone(listener, holdMusic, 'the music on hold')).dbfs} dBFS` : `${(await hearsNothing(listener)).dbfs} dBFS`;
}
export async function tonesBothWays(a, b) {
  const [x, y] = await Promise.all([hears(a, b), hears(b, a)]);
  return `${x.dbfs} and ${y.dbfs} dBFS`;
}
export async function connect(caller, callee) {
  await caller.call(callee.user);
  await callee.incoming();
  await callee.answer();
  await Promise.all([caller.connected(), callee.connected()]);
}

// A whole call: sound both ways, the caller holds and resumes, DTMF, somebody hangs up.
export async function wholeCall(caller, callee, { hangsUp = caller, holdIsSilent = true } = {}) {
  await connect(caller, callee);
  const heard = await tonesBothWays(caller, callee);
  await caller.hold();
  if (!holdMusic) await callee.held(); // an exchange with music keeps the hold to itself
  const hold = holdIsSilent || holdMusic ? await hearsHold(callee) : 'not listened to';
  await caller.resume();
  const after = callee.deafAfterHold ? `${(await hears(caller, callee)).dbfs} dBFS by the caller alone` : await tonesBothWays(caller, callee);
  if (caller.dtmf && callee.dtmfSeen) {
    await caller.dtmf('5');
    await callee.dtmfSeen('5');
  }
  await hangsUp.end();
  await Promise.all([caller.ended(), callee.ended()]);
  return `heard ${heard}, on hold ${hold}, after it ${after}`;
}

// A call with sound both ways that one of the two ends.
export async function shortCall(caller, callee, hangsUp = caller) {
  await connect(caller, callee);
  const heard = await tonesBothWays(caller, callee);
  await hangsUp.end();
  await Promise.all([caller.ended(), callee.ended()]);
  return `heard ${heard}`;
}

// Opens ends, runs f with them and closes them whatever happens.
export async function withEnds(openers, f) {
  const opened = await Promise.allSettled(openers.map((opener) => opener()));
  const ends = opened.filter((o) => o.status === 'fulfilled').map((o) => o.value);
  try {
    const failed = opened.find((o) => o.status === 'rejected');
    if (failed) throw failed.reason;
    return await f(...ends);
  } finally {
    await Promise.all(ends.map((e) => e.close()));
  }
}

// Nothing but what comes from a relay reaches the exchange's media; ends when f does.
export async function withoutDirectPath(f) {
  const nft = (...args) => execFileSync('nft', args);
  nft('add', 'table', 'inet', 'direct');
  try {
    nft('add', 'chain', 'inet', 'direct', 'in', '{ type filter hook input priority 0 ; }');
    nft('add', 'rule', 'inet', 'direct', 'in', 'udp', 'dport', rtpPorts, 'udp', 'sport', '!=', '31000-31199', 'drop');
    return await f();
  } finally {
    nft('delete', 'table', 'inet', 'direct');
  }
}

// A way to the exchange that can be cut: f is given its address as a line's server, and
// cut(), which resets every connection through it at once.
export async function withCuttableWay(f) {
  const { hostname, port, pathname } = new URL(server), through = new Set();
  const way = createServer((near) => {
    const far = open(+port, hostname);
    for (const [one, other] of [[near, far], [far, near]]) {
      through.add(one);
      one.pipe(other);
      one.on('error', () => {});
      one.on('close', () => { through.delete(one); other.destroy(); });
    }
  });
  await new Promise((done) => { way.listen(0, address, done); });
  const cut = () => through.forEach((s) => s.resetAndDestroy());
  try {
    return await f(`wss://${address}:${way.address().port}${pathname === '/' ? '' : pathname}`, cut);
  } finally {
    cut();
    way.close();
  }
}
