// baresip, a phone of plain RTP over UDP, driven over its control socket (JSON in netstrings).
import { spawn } from 'node:child_process';
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { connect } from 'node:net';
import { dir, sleep, until } from './exchange.mjs';

const folder = `${dir}/baresip`;

export async function openBaresip() {
  const output = [], events = [], waiting = new Map();
  const child = spawn('baresip', ['-f', folder, '-v'], { stdio: ['ignore', 'pipe', 'pipe'] });
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (d) => output.push(d.toString()));
  const open = () => new Promise((done) => {
    const socket = connect(4444, '127.0.0.1', () => done(socket));
    socket.on('error', () => done(null));
  });
  const socket = await until('baresip opens its control socket', open);
  let rest = Buffer.alloc(0), token = 0;
  socket.on('data', (d) => {
    rest = Buffer.concat([rest, d]);
    for (;;) {
      const colon = rest.indexOf(':'), length = +rest.subarray(0, Math.max(colon, 0));
      if (colon < 0 || rest.length < colon + length + 2) return;
      const message = JSON.parse(rest.subarray(colon + 1, colon + 1 + length));
      rest = rest.subarray(colon + length + 2);
      const done = waiting.get(message.token);
      if (done) done(message); else events.push(message);
    }
  });
  const phone = {
    user: '1003', hz: 600, name: 'baresip 1003',
    command: (command, params = '') => new Promise((done) => {
      waiting.set(`t${++token}`, done);
      const text = JSON.stringify({ command, params, token: `t${token}` });
      socket.write(`${Buffer.byteLength(text)}:${text},`);
    }),
    see: (type, ms) => until(`baresip's ${type}`, () => events.find((e) => e.type === type), ms),
    forget: () => { events.length = 0; },
    // What it received goes into files ending in dec.wav, the newest is the current call's.
    // Nothing is written while nothing arrives: only what is new since asked counts.
    async listen(ms = 500) {
      const before = new Map(heardFiles().map((f) => [f, statSync(f).size]));
      await sleep(ms);
      const [file] = heardFiles();
      return file ? strongest(file, before.get(file) ?? 0, ms) : { hz: 0, dbfs: -120 };
    },
    async close() {
      socket.destroy();
      child.kill('SIGINT');
      await until('baresip ends', () => child.exitCode !== null || child.signalCode !== null, 5000).catch(() => child.kill('SIGKILL'));
    },
  };
  // It signs in at once, often before the control socket is there: its output tells, too.
  await until('baresip registers', () => events.some((e) => e.type === 'REGISTER_OK') || output.join('').includes('200 OK'))
    .catch((e) => { throw new Error(`${e.message}\n${output.slice(-20).join('')}`); });
  return phone;
}

function heardFiles() {
  const files = readdirSync(folder).filter((f) => f.endsWith('dec.wav')).map((f) => `${folder}/${f}`);
  return files.sort((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs);
}

// The strongest of the tests' tones in what a 16-bit WAV file got in ms, from byte from on. Who writes
// the header when the file is done says the rate of its one channel beforehand.
export function strongest(file, from, ms, unwritten = 0) {
  const b = readFileSync(file);
  if (b.length <= Math.max(from, 44)) return { hz: 0, dbfs: -120 };
  const rate = b.readUInt32LE(24) || unwritten, step = 2 * (b.readUInt16LE(22) || 1), tail = [];
  for (let i = Math.max(44, from - (from - 44) % step); i + step <= b.length; i += step) tail.push(b.readInt16LE(i) / 32768);
  const found = [320, 440, 600, 700, 1000, 1004].map((hz) => {
    let re = 0, im = 0;
    tail.forEach((v, i) => { const a = 2 * Math.PI * hz * i / rate; re += v * Math.cos(a); im += v * Math.sin(a); });
    return { hz, amplitude: 2 * Math.hypot(re, im) / tail.length };
  }).sort((a, b2) => b2.amplitude - a.amplitude)[0];
  const power = tail.reduce((sum, v) => sum + v * v, 0) / Math.max(tail.length, rate * ms / 1000 / 2); // silence is not written
  return { hz: found.amplitude > 0.01 ? found.hz : 0, dbfs: Math.round(10 * Math.log10(power + 1e-12)) };
}
