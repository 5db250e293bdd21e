// What the exchange started by run is called, and its own management.
import { execFileSync } from 'node:child_process';

export const dir = process.env.INTEROP_DIR;
export const kind = process.env.INTEROP_EXCHANGE || 'kamailio'; // or freeswitch, asterisk
export const address = '127.0.0.1';
export const domain = 'exchange.test';
export const server = `wss://${address}:8443${kind === 'asterisk' ? '/ws' : ''}`;
export const authority = `${dir}/ca.pem`;
export const password = (user) => `secret-${user}`;
export const uri = (user) => `sip:${user}@${domain}`;
export const turn = (transport) => ({ urls: `turn:127.0.0.1:3478?transport=${transport}`, username: 'phone', credential: 'secret' });

// What a party on hold hears of the exchange, in Hz; undefined where holding is the ends' business.
export const holdMusic = kind === 'kamailio' ? undefined : 320;
// The ports of the exchange's media, as nft writes them.
export const rtpPorts = { kamailio: '30000-30999', asterisk: '21000-21999', freeswitch: '22000-22999' }[kind];
// Who talks plain SIP and RTP over UDP; the other numbers are of WebSocket phones.
export const plain = { ours: '1006', baresip: '1003' };
export const plainServer = `udp://${address}:5060`;

export const sleep = (ms) => new Promise((done) => { setTimeout(done, ms); });

// One command of kamailio's management socket.
export const rpc = (...args) => execFileSync('kamcmd', ['-s', `unix:${dir}/kamailio_ctl`, ...args], { encoding: 'utf8' });

// One command of the management console of the exchange under PEERS; what it printed.
export function manage(command) {
  return execFileSync(`${dir}/console`, [command], { encoding: 'utf8', timeout: 20000 });
}

// Polls until f returns something true; f may be async.
export async function until(what, f, ms = 15000) {
  for (const end = Date.now() + ms; ;) {
    const v = await f();
    if (v) return v;
    if (Date.now() > end) throw new Error(`${what}: not within ${ms} ms`);
    await sleep(40);
  }
}
