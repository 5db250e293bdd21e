// Our phone, as a process of its own that takes commands and tells events, a line of JSON
// each (README.md). This file is the one place that knows how it is started.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, writeFileSync, createWriteStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { authority, dir, domain, password, server, until } from './exchange.mjs';

const program = process.env.PHONE || new URL('../../bin/phonesim', import.meta.url).pathname;

// Why our phone cannot be tried, or undefined.
export const missing = existsSync(program) ? undefined : `${program.split('/').slice(-2).join('/')} is not built`;

// settings are keys of the whole phone, ice its relays, all else is the line's.
function configuration(user, { ice = [], settings = {}, ...line } = {}) {
  const quoted = Object.entries({ server, user, domain, password: password(user), ...line })
    .map(([key, value]) => `${key} = ${JSON.stringify(value)}`);
  const relays = ice.map((s) => `[[ice_servers]]\nurls = [${JSON.stringify(s.urls)}]\nusername = ${JSON.stringify(s.username)}\ncredential = ${JSON.stringify(s.credential)}\n`);
  const whole = Object.entries(settings).map(([key, value]) => `${key} = ${JSON.stringify(value)}\n`).join('');
  return `auto_configure = false\nca_file = ${JSON.stringify(authority)}\n${whole}\n[[lines]]\n${quoted.join('\n')}\n\n${relays.join('\n')}`;
}

export async function openOurPhone(user = '1005', { wait = true, hz = 700, ...options } = {}) {
  const home = mkdtempSync(`${dir}/phone-`);
  mkdirSync(`${home}/data`);
  writeFileSync(`${home}/phoned.toml`, configuration(user, options), { mode: 0o600 });
  const child = spawn(program, [...(process.env.PHONE_TRACE ? ['--trace'] : []), '--script', '--config', `${home}/phoned.toml`, '--data', `${home}/data`], { stdio: ['pipe', 'pipe', 'pipe'] });
  const log = createWriteStream(`${dir}/log/ourphone.log`, { flags: 'a' });
  child.stderr.pipe(log);
  const events = [], replies = new Map(), strange = [];
  let lastID = 0;
  createInterface({ input: child.stdout }).on('line', (text) => {
    log.write(`${text}\n`);
    let message;
    try { message = JSON.parse(text); } catch { strange.push(text); return; }
    if ('reply' in message) replies.set(message.id, message); else events.push(message);
  });
  const phone = {
    user, hz, name: `our phone ${user}`, events,
    async do(what, args = {}, ms = 20000) {
      const id = ++lastID;
      child.stdin.write(`${JSON.stringify({ do: what, id, ...args })}\n`);
      const reply = await until(`our phone's reply to ${what}`, () => replies.get(id) || ended(), ms);
      if (reply.error) throw new Error(`our phone, asked to ${what}: ${reply.error}`);
      return reply;
    },
    async see(event, ms) {
      try {
        return await until(`our phone's ${event}`, () => events.find((e) => e.event === event), ms);
      } catch (e) {
        throw new Error(`${e.message}; it told: ${events.map((x) => x.event).join(', ')} ${strange.slice(-3).join(' | ')}`);
      }
    },
    forget: () => { events.length = 0; },
    async listen(ms = 1000) {
      const { hz: heard, db } = await phone.do('listen', { ms }, ms + 10000);
      return { hz: heard, dbfs: db };
    },
    async close() {
      if (child.exitCode === null) child.stdin.write('{"do":"quit"}\n');
      child.stdin.end();
      await until('our phone ends', () => child.exitCode !== null || child.signalCode !== null, 10000).catch((e) => { child.kill('SIGKILL'); throw e; });
      if (child.exitCode !== 0) throw new Error(`our phone ended with status ${child.exitCode}`);
    },
    kill: () => child.kill('SIGKILL'),
  };
  const ended = () => {
    if (child.exitCode !== null) throw new Error(`our phone ended with status ${child.exitCode}: ${strange.slice(-5).join(' | ')}`);
    return undefined;
  };
  if (wait) await phone.see('sip-registered');
  if (wait) await phone.do('tone', { hz });
  if (wait) await phone.do('volume', { percent: 100 }); // what arrives is heard as it is
  return phone;
}
