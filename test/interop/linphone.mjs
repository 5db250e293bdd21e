// linphonec, a phone of plain RTP over UDP, driven over its console: lines in, lines out;
// and its cases with our phone.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createWriteStream, existsSync, mkdtempSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { strongest } from './baresip.mjs';
import { ours } from './ends.mjs';
import { add, full } from './harness.mjs';
import { missing as phoneMissing } from './ourphone.mjs';
import { connect, hearsNothing, hearsTone, shortCall, tonesBothWays, wholeCall, withEnds } from './steps.mjs';
import { address, dir, domain, password, plain, plainServer, sleep, until, uri } from './exchange.mjs';

const user = '1007', hz = 600, holdHz = 320, rate = 8000, opusRate = 48000;

// Why linphonec cannot be tried, or undefined.
const missing = (process.env.PATH ?? '').split(':').some((p) => existsSync(`${p}/linphonec`)) ? undefined : 'linphonec is not installed';

// A mono WAV file of a tone, at −9 dBFS as a peak.
function toneFile(file, tone, seconds) {
  const samples = rate * seconds, b = Buffer.alloc(44 + 2 * samples);
  b.write('RIFF', 0); b.writeUInt32LE(36 + 2 * samples, 4); b.write('WAVEfmt ', 8); b.writeUInt32LE(16, 16);
  b.writeUInt16LE(1, 20); b.writeUInt16LE(1, 22); b.writeUInt32LE(rate, 24); b.writeUInt32LE(2 * rate, 28); b.writeUInt16LE(2, 32); b.writeUInt16LE(16, 34);
  b.write('data', 36); b.writeUInt32LE(2 * samples, 40);
  for (let i = 0; i < samples; i++) b.writeInt16LE(Math.round(11600 * Math.sin(2 * Math.PI * tone * i / rate)), 44 + 2 * i);
  writeFileSync(file, b);
}

const settings = `[sip]
sip_port=5071
sip_tcp_port=-1
sip_tls_port=-1
use_ipv6=0
guess_hostname=0
contact="${user}" <sip:${user}@${address}>
register_only_when_network_is_up=0
auto_net_state_mon=0
default_proxy=0
[rtp]
audio_rtp_port=32100-32199
[sound]
echocancellation=0
echolimiter=0
agc=0
[video]
enabled=0
[misc]
max_calls=1
[proxy_0]
reg_proxy=<sip:${address}:5060;transport=udp>
reg_route=<sip:${address}:5060;transport=udp;lr>
reg_identity=<sip:${user}@${domain}>
reg_expires=120
reg_sendregister=1
publish=0
[auth_info_0]
username=${user}
passwd=${password(user)}
realm=${domain}
domain=${domain}
`;

async function linphone() {
  const home = mkdtempSync(`${dir}/linphone-`), said = `${home}/said.wav`, hold = `${home}/hold.wav`, heard = `${home}/heard.wav`;
  mkdirSync(`${home}/.local/share/linphone`, { recursive: true }); // it makes its data base, not the folder of it
  toneFile(said, hz, 90);
  toneFile(hold, holdHz, 30);
  writeFileSync(`${home}/linphonerc`, settings, { mode: 0o600 });
  const child = spawn('linphonec', ['-c', `${home}/linphonerc`, ...(process.env.PHONE_TRACE ? ['-d', '6', '-l', `${dir}/log/linphone-trace.log`] : [])],
    { stdio: ['pipe', 'pipe', 'pipe'], cwd: home, env: { ...process.env, HOME: home } });
  const log = createWriteStream(`${dir}/log/linphone.log`, { flags: 'a' });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (d) => { text += d; log.write(d); });
  const command = async (line) => { child.stdin.write(`${line}\n`); };
  const see = (what, ms) => until(`linphonec says ${what}`, () => what.test(text), ms).catch((e) => { throw new Error(`${e.message}; it said: ${text.slice(-600)}`); });
  const end = {
    user, hz, name: `linphonec ${user}`, see,
    call: (to) => command(`call ${uri(to)}`), answer: () => command('answer'), end: () => command('terminate'),
    // Its hold plays to the held one what it was told to play last: another tone tells it from speech.
    hold: async () => { await command(`play ${hold}`); await command('pause'); await see(/is now paused/); },
    resume: async () => { await command(`play ${said}`); await command('resume'); },
    incoming: () => see(/Receiving new incoming call/), connected: () => see(/Call \d+ with \S+ connected/),
    ended: () => see(/Call \d+ with \S+ ended/), refused: () => see(/Call \d+ with \S+ error/),
    held: () => see(/has been paused by/),
    async listen(ms = 500) {
      const before = existsSync(heard) ? statSync(heard).size : 0;
      await sleep(ms);
      return existsSync(heard) ? strongest(heard, before, ms, opusRate) : { hz: 0, dbfs: -120 };
    },
    async close() {
      await command('terminate all');
      await command('unregister'); // else the exchange calls where nobody is, in the next case
      text = '';
      await until('linphonec is gone from the exchange', async () => { await command('status register'); await sleep(100); return text.includes('registered=0'); }, 3000).catch(() => {});
      await command('quit');
      await until('linphonec ends', () => child.exitCode !== null || child.signalCode !== null, 5000).catch(() => child.kill('SIGKILL'));
    },
  };
  for (const line of ['soundcard use files', `play ${said}`, `record ${heard}`]) await command(line);
  try {
    // It does not tell by itself that it has registered.
    await until('linphonec registers', async () => { await command('status register'); await sleep(100); return text.includes('registered, identity'); });
  } catch (e) {
    child.kill('SIGKILL');
    throw new Error(`${e.message}; it said: ${text.slice(-600)}`);
  }
  return end;
}

// --- the cases ---

const ofLinphone = (name, f) => add(full, name, f, phoneMissing ?? missing);
const classic = () => ours({ user: plain.ours, server: plainServer })();

// linphonec calls, holds with its tone and hears nothing meanwhile, resumes; our phone hangs up.
async function itHolds(l, p) {
  await connect(l, p);
  const before = await tonesBothWays(l, p);
  await l.hold();
  await p.held();
  const hold = await hearsTone(p, holdHz, 'the hold');
  await hearsNothing(l);
  await l.resume();
  const after = await tonesBothWays(l, p);
  await p.end();
  await Promise.all([l.ended(), p.ended()]);
  return `heard ${before}, on hold its tone at ${hold.dbfs} dBFS, after it ${after}`;
}

for (const [kind, phone] of [['our phone', ours()], ['our phone over plain SIP and RTP', classic]]) {
  ofLinphone(`${kind} calls linphone`, () => withEnds([phone, linphone], (p, l) => wholeCall(p, l)));
  ofLinphone(`${kind} calls linphone, which hangs up`, () => withEnds([phone, linphone], (p, l) => shortCall(p, l, l)));
  ofLinphone(`linphone calls ${kind}, holds and is hung up on`, () => withEnds([linphone, phone], itHolds));
  ofLinphone(`linphone calls ${kind} and hangs up`, () => withEnds([linphone, phone], (l, p) => shortCall(l, p)));
}

ofLinphone('linphone calls our phone, which refuses', () => withEnds([linphone, classic], async (l, p) => {
  await l.call(p.user);
  await p.incoming();
  await p.do('reject');
  await Promise.all([l.refused(), p.ended()]);
}));
ofLinphone('our phone calls linphone, which refuses', () => withEnds([classic, linphone], async (p, l) => {
  await p.call(l.user);
  await l.incoming();
  await l.end();
  return `told: ${(await p.see('call-failed')).error}`;
}));
ofLinphone('our phone calls linphone, which is in a call and busy', () => withEnds([classic, linphone, ours()], async (p, l, other) => {
  await connect(other, l);
  await p.call(l.user);
  const { error } = await p.see('call-failed');
  assert.match(error, /busy/i);
  const heard = await tonesBothWays(other, l);
  await other.end();
  await l.ended();
  return `told: ${error}; the first call went on, heard ${heard}`;
}));
