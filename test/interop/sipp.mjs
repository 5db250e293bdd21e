// sipp as the far end of a classic line: what it does is written here step by step and
// becomes a scenario of it. Between it and our phone is a registrar of a few lines, which
// takes the REGISTERs, refuses subscriptions and passes all else on.
import { createHash } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { address, dir, domain, password } from './exchange.mjs';
import { openOurPhone } from './ourphone.mjs';

const sdp = (direction = 'sendrecv', rtp = '[media_port]') => `v=0
o=sipp 1 [call_number] IN IP4 ${address}
s=-
c=IN IP4 ${address}
t=0 0
m=audio ${rtp} RTP/AVP 8
a=rtpmap:8 PCMA/8000
a=${direction}
`;
const escape = (text) => text.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;');
const message = (lines, body) => `<![CDATA[
${[...lines, ...(body ? ['Content-Type: application/sdp'] : []), 'Content-Length: [len]'].join('\n')}

${body ?? ''}
]]>`;

// --- steps: our phone is always the other side ---

// Waits for a request or, if it is a number, a response. check is what a header must
// match, [name, regexp]; keep saves Via and CSeq, for answers that come later.
export function recv(what, { check, keep, optional, ms = 20000 } = {}) {
  const actions = [];
  if (keep) {
    for (const [header, name] of [['Via:', 'via'], ['CSeq:', 'cseq'], ['To:', 'to'], ['From:', 'from']]) {
      actions.push(`<ereg regexp=".*" search_in="hdr" header="${header}" assign_to="${keep}${name}"/>`);
    }
  }
  for (const [header, regexp] of check ? [check] : []) {
    actions.push(`<ereg regexp="${escape(regexp)}" search_in="hdr" header="${header}:" check_it="true" assign_to="checked"/>`);
  }
  const kind = typeof what === 'number' ? `response="${what}"` : `request="${what}"`;
  return `<recv ${kind} ${optional ? 'optional="true"' : `timeout="${ms}"`}>${actions.length ? `<action>${actions.join('')}</action>` : ''}</recv>`;
}

// Answers the request that was received last or, with to, the one kept under that name.
export function reply(status, { tag, to, body, contact = 'far', repeat } = {}) {
  const head = to
    ? [`Via:[$${to}via]`, `From:[$${to}from]`, `To:[$${to}to]${tag ? `;tag=${tag}` : ''}`, '[last_Call-ID:]', `CSeq:[$${to}cseq]`]
    : ['[last_Via:]', '[last_From:]', `[last_To:]${tag ? `;tag=${tag}` : ''}`, '[last_Call-ID:]', '[last_CSeq:]'];
  return `<send${repeat ? ' retrans="500"' : ''}>${message([`SIP/2.0 ${status}`, ...head, `Contact: <sip:${contact}@[local_ip]:[local_port]>`], body)}</send>`;
}

// A request in the dialog of a call that our phone made: its INVITE was kept as "call".
export function request(method, cseq, { tag = 'a', body, branch = `${method}-${cseq}`, contact = 'far' } = {}) {
  return `<send>${message([
    `${method} sip:1006@[remote_ip]:[remote_port] SIP/2.0`, `Via: SIP/2.0/UDP [local_ip]:[local_port];branch=z9hG4bK-[call_number]-${branch}`, 'Max-Forwards: 70',
    `From:[$callto];tag=${tag}`, 'To:[$callfrom]', '[last_Call-ID:]', `CSeq: ${cseq} ${method}`, `Contact: <sip:${contact}@[local_ip]:[local_port]>`,
  ], body)}</send>`;
}

// A request of a call to our phone.
export function ask(method, cseq, { body, branch = `${method}-${cseq}` } = {}) {
  const inDialog = method !== 'INVITE' || cseq > 1;
  return `<send>${message([
    `${method} sip:1006@[remote_ip]:[remote_port] SIP/2.0`, `Via: SIP/2.0/UDP [local_ip]:[local_port];branch=z9hG4bK-[call_number]-${branch}`, 'Max-Forwards: 70',
    `From: "sipp" <sip:2001@${domain}>;tag=far`, `To: <sip:1006@${domain}>${inDialog && method !== 'CANCEL' ? '[peer_tag_param]' : ''}`, 'Call-ID: [call_id]',
    `CSeq: ${cseq} ${method}`, `Contact: <sip:2001@[local_ip]:[local_port]>`,
  ], body)}</send>`;
}
export const pause = (ms) => `<pause milliseconds="${ms}"/>`;
export { sdp };

// --- the registrar between ---

const md = (algorithm) => (text) => createHash(algorithm === 'SHA-256' ? 'sha256' : 'md5').update(text).digest('hex');

// Whether the credentials of a request (RFC 7616) are those of the challenge and user.
export function authorised(text, header, { realm, nonce, algorithm = 'MD5', qop = 'auth' }, user = '1006') {
  const line = text.split('\r\n').find((l) => l.startsWith(`${header}: Digest `) && l.includes(`realm="${realm}"`));
  if (!line) return false;
  const p = Object.fromEntries([...line.matchAll(/(\w+)=(?:"([^"]*)"|([^\s,]+))/g)].map(([, k, quoted, bare]) => [k, quoted ?? bare]));
  const h = md(algorithm), [method] = text.split(' '), body = text.slice(text.indexOf('\r\n\r\n') + 4);
  const a2 = qop === 'auth-int' ? `${method}:${p.uri}:${h(body)}` : `${method}:${p.uri}`;
  const want = h(`${h(`${user}:${realm}:${password(user)}`)}:${nonce}:${p.nc}:${p.cnonce}:${qop}:${h(a2)}`);
  return p.nonce === nonce && p.qop === qop && (p.algorithm ?? 'MD5') === algorithm && p.response === want;
}

// The lines of an answer to a request.
export function answer(text, status, extra = []) {
  const lines = text.split('\r\n'), of = (name) => lines.filter((l) => l.startsWith(`${name}: `));
  const to = of('To')[0];
  return [`SIP/2.0 ${status}`, ...of('Via'), ...of('From'), to.includes(';tag=') ? to : `${to};tag=between`, ...of('Call-ID'), ...of('CSeq'), ...extra, 'Content-Length: 0', '', ''].join('\r\n');
}
const granted = (text) => answer(text, '200 OK', [text.split('\r\n').find((l) => l.startsWith('Contact: ')), `Expires: ${/^Expires: (\d+)/m.exec(text)?.[1] ?? 600}`]);

function bound(port = 0) {
  return new Promise((done, failed) => {
    const s = createSocket('udp4');
    s.once('error', failed);
    s.bind(port, address, () => done(s));
  });
}

// between(text, fromPhone) may answer a message itself (a string), pass that many copies
// of it on (a number, 0 loses it) or leave it alone (undefined).
async function openBetween(farPort, between) {
  const socket = await bound(), seen = [];
  let phone;
  socket.on('message', (m, from) => {
    const fromPhone = from.port !== farPort, text = m.toString('latin1');
    if (!text.includes('SIP/2.0')) return; // a keep-alive
    seen.push({ fromPhone, text, at: Date.now() });
    if (fromPhone) phone = from;
    const verdict = between?.(text, fromPhone) ?? (text.startsWith('REGISTER ') ? granted(text) : text.startsWith('SUBSCRIBE ') ? answer(text, '489 Bad Event') : 1);
    if (typeof verdict === 'string') { socket.send(verdict, from.port, from.address); return; }
    for (let i = 0; i < verdict; i++) {
      if (fromPhone) socket.send(m, farPort, address);
      else if (phone) socket.send(m, phone.port, phone.address);
    }
  });
  return { port: socket.address().port, seen, close: () => socket.close() };
}

// Runs the steps in sipp with our phone registered beside it: f is given the phone and what
// passed. sipp begins when f calls start, which settles when it has ended well.
export async function withSipp(steps, f, { between, line = {} } = {}) {
  const free = await bound(), farPort = free.address().port;
  await new Promise((done) => { free.close(done); });
  const way = await openBetween(farPort, between);
  const file = `${dir}/sipp-${farPort}.xml`;
  writeFileSync(file, `<?xml version="1.0" encoding="ISO-8859-1" ?>\n<scenario name="ugly">\n${steps.join('\n')}\n${declared(steps)}</scenario>\n`);
  let child, phone;
  const start = () => {
    const output = [];
    child = spawn('sipp', [`${address}:${way.port}`, '-sf', file, '-i', address, '-p', String(farPort), '-m', '1', '-nostdin', '-timeout', '150', '-timeout_error',
      '-trace_err', '-error_file', `${file}.errors`, '-trace_msg', '-message_file', `${dir}/log/sipp-${farPort}.log`], { stdio: ['ignore', 'pipe', 'pipe'] });
    for (const s of [child.stdout, child.stderr]) s.on('data', (d) => output.push(d.toString()));
    const ended = new Promise((done, failed) => {
      child.on('exit', (code, signal) => (code === 0 ? done() : failed(new Error(`sipp ended with ${code ?? signal}: ${output.join('').split('\n').filter((l) => /rror|nexpected|imeout/.test(l)).slice(-6).join('\n')}`))));
    });
    ended.catch(() => {}); // told to who waits for it
    return ended;
  };
  try {
    phone = await openOurPhone('1006', { server: `udp://${address}:${way.port}`, ...line });
    return await f(phone, start, way.seen);
  } finally {
    if (child && child.exitCode === null) child.kill('SIGKILL');
    await phone?.close();
    way.close();
  }
}

// sipp complains of names that are assigned and never used.
function declared(steps) {
  const names = new Set([...steps.join('').matchAll(/assign_to="(\w+)"/g)].map((m) => m[1]));
  return names.size ? `<Reference variables="${[...names].join(',')}"/>\n` : '';
}
