// baresip, a phone of plain RTP over UDP, driven over its control socket (JSON in netstrings).
import { spawn } from 'node:child_process';
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { connect } from 'node:net';
import { dir, until } from './exchange.mjs';

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
    listen() {
      const files = readdirSync(folder).filter((f) => f.endsWith('dec.wav')).map((f) => `${folder}/${f}`);
      files.sort((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs);
      return files.length ? strongest(files[0]) : { hz: 0, dbfs: -120 };
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

// The strongest of the tests' tones in the last half second of a 16-bit WAV file.
function strongest(file) {
  const b = readFileSync(file), rate = b.readUInt32LE(24), step = 2 * b.readUInt16LE(22), x = [];
  for (let i = 44; i + step <= b.length; i += step) x.push(b.readInt16LE(i) / 32768);
  const tail = x.slice(-rate / 2);
  if (tail.length === 0) return { hz: 0, dbfs: -120 };
  const found = [440, 600, 700, 1000].map((hz) => {
    let re = 0, im = 0;
    tail.forEach((v, i) => { const a = 2 * Math.PI * hz * i / rate; re += v * Math.cos(a); im += v * Math.sin(a); });
    return { hz, amplitude: 2 * Math.hypot(re, im) / tail.length };
  }).sort((a, b2) => b2.amplitude - a.amplitude)[0];
  const power = tail.reduce((sum, v) => sum + v * v, 0) / tail.length;
  return { hz: found.amplitude > 0.01 ? found.hz : 0, dbfs: Math.round(10 * Math.log10(power + 1e-12)) };
}
