// The cases of our phone that are the same with every exchange.
import { add } from './harness.mjs';
import { baresipEnd, onA, onB, ours } from './ends.mjs';
import { plain, plainServer, turn } from './exchange.mjs';
import { missing } from './ourphone.mjs';
import { connect, hearsHold, hearsNothing, shortCall, tonesBothWays, wholeCall, withCuttableWay, withEnds, withoutDirectPath } from './steps.mjs';

// smoke is the modes that run the few cases of a smoke, whole those that run them all.
export function addMatrix(smoke, whole) {
  const ofOurs = (modes, name, f) => add(modes, name, f, missing);

  ofOurs(smoke, 'our phone is refused with a wrong password', () => withEnds([ours({ password: 'wrong', wait: false })], (p) => p.see('registration-failed')));

  for (const [lib, modes] of [['sip013', smoke], ['sip021', whole], ['jssip', whole]]) {
    // SIP.js keeps its microphone open on hold: only JsSIP's hold is silent.
    const quiet = { holdIsSilent: lib === 'jssip' };
    ofOurs(modes, `our phone calls ${lib}`, () => withEnds([ours({ dtmf: 'info' }), onA(lib)], (p, b) => wholeCall(p, b)));
    ofOurs(modes, `${lib} calls our phone`, () => withEnds([onA(lib), ours()], (b, p) => wholeCall(b, p, quiet)));
    ofOurs(whole, `our phone calls ${lib}, which hangs up`, () => withEnds([ours(), onA(lib)], (p, b) => shortCall(p, b, b)));
    ofOurs(whole, `${lib} calls our phone, which hangs up`, () => withEnds([onA(lib), ours()], (b, p) => wholeCall(b, p, { ...quiet, hangsUp: p })));
    ofOurs(modes, `${lib} calls our phone, which holds`, () => withEnds([onA(lib), ours()], async (b, p) => {
      await connect(b, p);
      const before = await tonesBothWays(b, p);
      await p.hold();
      const hold = await hearsHold(b);
      const own = await hearsNothing(p);
      await p.resume();
      const after = await tonesBothWays(b, p);
      await p.end();
      await b.ended();
      return `heard ${before}, on hold ${hold} and ${own.dbfs} dBFS, after it ${after}`;
    }));
    ofOurs(whole, `${lib} calls our phone, which refuses`, () => withEnds([onA(lib), ours()], async (b, p) => {
      await b.call(p.user);
      await p.incoming();
      await p.do('reject');
      await b.see('failed');
      await p.ended();
    }));
    ofOurs(whole, `our phone calls ${lib}, which refuses`, () => withEnds([ours(), onA(lib)], async (p, b) => {
      await p.call(b.user);
      await b.incoming();
      await b.do('reject');
      return `told: ${(await p.see('call-failed')).error}`;
    }));
    ofOurs(whole, `${lib} gives a call to our phone up`, () => withEnds([onA(lib), ours()], async (b, p) => {
      await b.call(p.user);
      await p.incoming();
      await b.do('cancel');
      await p.ended();
    }));
    ofOurs(whole, `our phone gives a call to ${lib} up`, () => withEnds([ours(), onA(lib)], async (p, b) => {
      await p.call(b.user);
      await b.incoming();
      await p.end();
      await b.ended();
    }));
  }

  ofOurs(whole, 'our phone calls baresip', () => withEnds([ours(), baresipEnd], (p, b) => shortCall(p, b)));
  ofOurs(whole, 'our phone calls baresip, which hangs up', () => withEnds([ours(), baresipEnd], (p, b) => shortCall(p, b, b)));
  ofOurs(whole, 'baresip calls our phone', () => withEnds([baresipEnd, ours()], (b, p) => shortCall(b, p)));
  ofOurs(whole, 'baresip calls our phone, which hangs up', () => withEnds([baresipEnd, ours()], (b, p) => shortCall(b, p, p)));

  const classic = (options) => ours({ user: plain.ours, server: plainServer, ...options });
  ofOurs(whole, 'our phone over plain SIP and RTP calls baresip', () => withEnds([classic(), baresipEnd], (p, b) => wholeCall(p, b)));
  ofOurs(whole, 'baresip calls our phone over plain SIP and RTP', () => withEnds([baresipEnd, classic()], (b, p) => shortCall(b, p)));
  ofOurs(whole, 'our phone over plain SIP and RTP calls sip013', () => withEnds([classic({ dtmf: 'info' }), onA('sip013')], (p, b) => wholeCall(p, b)));
  ofOurs(whole, 'jssip calls our phone over plain SIP and RTP', () => withEnds([onA('jssip'), classic()], (b, p) => wholeCall(b, p)));

  // Our phone hands a call on; afterwards the two others hear each other.
  ofOurs(whole, 'our phone hands a call on to another, blindly', () => withEnds([onA('jssip'), ours(), onB('sip013')], async (a, p, c) => {
    await connect(a, p);
    await tonesBothWays(a, p);
    await p.transfer(c.user);
    await c.incoming();
    await c.answer();
    await c.connected();
    const heard = await tonesBothWays(a, c);
    await Promise.all([p.see('call-transferred'), p.ended()]);
    await a.end();
    await c.ended();
    return `heard ${heard}`;
  }));
  ofOurs(whole, 'our phone hands its own call on to another, blindly', () => withEnds([ours(), onA('sip021'), onB('jssip')], async (p, a, c) => {
    await connect(p, a);
    await tonesBothWays(a, p);
    await p.transfer(c.user);
    await c.incoming();
    await c.answer();
    await c.connected();
    const heard = await tonesBothWays(a, c);
    await Promise.all([p.see('call-transferred'), p.ended()]);
    await c.end();
    await a.ended();
    return `heard ${heard}`;
  }));
  ofOurs(whole, 'our phone asks first, then hands the call on', () => withEnds([onA('sip021'), ours(), onB('jssip')], async (a, p, c) => {
    await connect(a, p);
    await tonesBothWays(a, p);
    const first = p.events.find((e) => e.call).call;
    await p.hold();
    await hearsHold(a);
    const answered = await p.consult(c.user);
    await c.incoming();
    await c.answer();
    await c.connected();
    const second = await answered();
    const between = await tonesBothWays(p, c);
    await p.do('transfer', { call: first, with: second });
    const heard = await tonesBothWays(a, c);
    await p.see('call-transferred');
    await a.end();
    await c.ended();
    return `asking ${between}, afterwards ${heard}`;
  }));

  for (const transport of ['udp', 'tcp']) {
    const rtc = { iceTransportPolicy: 'relay', iceServers: [turn('udp')] };
    ofOurs(whole, `our phone with a relay only, over ${transport}`, () => withoutDirectPath(
      () => withEnds([ours({ ice: [turn(transport)] }), onA('sip013', '1001', { rtc })], (p, b) => shortCall(p, b))));
  }

  ofOurs(whole, 'our phone comes back after its connection was cut in a call, and talks on', () => withCuttableWay(
    (server, cut) => withEnds([ours({ server }), onA('sip013')], async (p, b) => {
      await connect(p, b);
      await tonesBothWays(p, b);
      p.forget();
      const began = Date.now();
      cut();
      await p.see('sip-registered', 30000);
      const back = Date.now() - began;
      const heard = await tonesBothWays(p, b);
      await p.end();
      await Promise.all([p.ended(), b.ended()]);
      return `back after ${back} ms, heard ${heard}`;
    })));
}
