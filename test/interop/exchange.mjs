// What the exchange started by run is called, and its own management.
import { execFileSync } from 'node:child_process';

export const dir = process.env.INTEROP_DIR;
export const domain = 'exchange.test';
export const server = 'wss://127.0.0.1:8443';
export const authority = `${dir}/ca.pem`;
export const password = (user) => `secret-${user}`;
export const uri = (user) => `sip:${user}@${domain}`;
export const turn = (transport) => ({ urls: `turn:127.0.0.1:3478?transport=${transport}`, username: 'phone', credential: 'secret' });
export const sleep = (ms) => new Promise((done) => { setTimeout(done, ms); });

// One command of kamailio's management socket.
export const rpc = (...args) => execFileSync('kamcmd', ['-s', `unix:${dir}/kamailio_ctl`, ...args], { encoding: 'utf8' });

// Polls until f returns something true; f may be async.
export async function until(what, f, ms = 15000) {
  for (const end = Date.now() + ms; ;) {
    const v = await f();
    if (v) return v;
    if (Date.now() > end) throw new Error(`${what}: not within ${ms} ms`);
    await sleep(40);
  }
}
