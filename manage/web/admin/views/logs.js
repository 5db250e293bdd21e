// Logs, signalling, recorded calls, captures and the support bundle.
import { h, t, card, rows, when, clock, save, number } from '../dom.js';
import { get, put, call, order, stream, has } from '../api.js';
import { reader } from '../ladder.js';
import { chart } from '../chart.js';

const keep = 1000;

function live(signal) {
  const out = h('div', { class: 'log mono', tabindex: 0, role: 'log', 'aria-live': 'off', 'aria-label': t('Log') });
  const level = h('select', { 'aria-label': t('Least level') }, ['debug', 'info', 'warn', 'error'].map((l) => h('option', { value: l, selected: l === 'info' }, l)));
  const word = h('input', { type: 'search', 'aria-label': t('Filter'), placeholder: t('Word') });
  const ranks = ['debug', 'info', 'warn', 'error'];
  let lines = [];
  const line = (l) => h('p', { 'data-level': l.level.toUpperCase() }, `${clock(l.at)} ${l.level.padEnd(5)} ${l.package}: ${l.message}${Object.entries(l.attrs ?? {}).map(([k, v]) => ` ${k}=${v}`).join('')}`);
  const fits = (l) => ranks.indexOf(l.level) >= ranks.indexOf(level.value) && (!word.value || JSON.stringify(l).toLowerCase().includes(word.value.toLowerCase()));
  const show = () => { out.replaceChildren(...lines.filter(fits).map(line)); out.scrollTop = out.scrollHeight; };
  const add = (l) => {
    lines.push(l);
    if (lines.length > keep) lines = lines.slice(-keep);
    if (!fits(l)) return;
    const bottom = out.scrollTop + out.clientHeight > out.scrollHeight - 40;
    out.append(line(l));
    if (bottom) out.scrollTop = out.scrollHeight;
  };
  level.addEventListener('change', show);
  word.addEventListener('input', show);
  get('logs?limit=500').then((a) => { lines = a.lines; show(); stream(`logs/stream?after=${a.last}`, { log: add }, signal); }).catch((e) => { out.textContent = e.message; });
  const part = h('input', { 'aria-label': t('Part of the program'), placeholder: t('all, or e.g. sip, media/rtc') }), say = h('select', { 'aria-label': t('says') }, ['default', 'debug', 'info', 'warn', 'error'].map((l) => h('option', {}, l)));
  return card(t('Log'), h('div', { class: 'stack' }, h('div', { class: 'form' }, level, word), out,
    h('details', {}, h('summary', {}, t('Have a part of the program say more')), h('form', { class: 'form', onsubmit: order(() => put('logs/levels', { package: part.value || undefined, level: say.value }), t('It holds until the phone starts anew.')) }, part, say, h('div', {}, h('button', {}, t('Set')))))));
}

function signalling(signal) {
  const slot = h('div', {});
  let list = [];
  const show = () => { slot.replaceChildren(list.length ? reader(list.slice(-60)) : h('p', { class: 'empty' }, t('No message yet.'))); };
  get('sip/messages').then((a) => { list = a.messages; show(); stream(`sip/stream?after=${list.at(-1)?.id ?? 0}`, { message: (m) => { list.push(m); list = list.slice(-200); show(); } }, signal); }).catch((e) => { slot.textContent = e.message; });
  return card(t('Signalling'), slot);
}

function recorder() {
  const slot = h('div', {});
  get('flights').then(({ calls }) => slot.replaceChildren(rows([
    [t('Party'), (c) => h('b', {}, c.phoneNumber || t('Unknown'))], [t('When'), (c) => when(c.began)], [t('Ended'), (c) => c.reason || (c.ended ? '' : t('in progress'))], [t('Messages'), (c) => c.messages, 'right'],
    ['', (c) => h('a', { href: `#/logs/${encodeURIComponent(c.callId)}` }, t('Look'))],
  ], calls, t('No call yet since the phone started.')))).catch((e) => { slot.textContent = e.message; });
  return card(t('Recorded calls'), h('p', { class: 'muted' }, t('The signalling and the quality of the last calls are always kept in memory, without voice and without passwords.')), slot);
}

function files() {
  const seconds = h('input', { type: 'number', min: 1, max: 3600, value: 60, 'aria-label': t('Seconds') }), voice = h('input', { type: 'checkbox' });
  const fetchFile = (path, name, type) => order(async () => save(name, type, await (await call('GET', path, undefined, { raw: true })).blob()));
  return card(t('For support'), h('div', { class: 'stack' },
    h('div', { class: 'row' }, has('GET report.html') && h('a', { class: 'button', href: '../api/v1/report.html', target: '_blank', rel: 'noopener' }, t('Report as a page')),
      has('GET support-bundle.zip') && h('button', { onclick: fetchFile('support-bundle.zip', 'support-bundle.zip', 'application/zip') }, t('Support bundle'))),
    has('GET capture.pcapng') && h('form', { class: 'form', onsubmit: (e) => fetchFile(`capture.pcapng?seconds=${seconds.value}${voice.checked ? '&media=true' : ''}`, 'phone.pcapng', 'application/x-pcapng')(e) },
      h('label', {}, h('span', {}, t('Capture the network (seconds)')), seconds), h('label', { class: 'row' }, voice, t('with the voice: a person at the phone must allow it')), h('div', {}, h('button', {}, t('Capture'))))));
}

async function one(id) {
  const c = await get(`flights/${encodeURIComponent(id)}`);
  const charts = [['packetLoss', chart(t('Packets lost'), (v) => `${number(v, 1)} %`, 5)], ['jitter', chart(t('Jitter'), (v) => `${number(v, 1)} ms`, 20)], ['latency', chart(t('Round trip'), (v) => `${number(v)} ms`, 100)], ['bitrate', chart(t('Bit rate'), (v) => `${number(v)} kbit/s`, 64)]];
  for (const [name, ch] of charts) ch.draw(c.samples.map((q) => q[name]), Math.max(10, c.samples.length));
  return h('div', { class: 'grid' }, card(`${c.phoneNumber || t('Unknown')} · ${when(c.began)}`, h('p', { class: 'muted' }, c.reason, ' ', h('a', { href: '#/logs' }, t('All logs')))),
    c.samples.length > 0 && card(t('How it sounded'), h('div', { class: 'charts' }, charts.map(([, ch]) => ch.element))), card(t('Signalling'), c.messages.length ? reader(c.messages) : h('p', { class: 'empty' }, t('No message.'))),
    c.events.length > 0 && card(t('What happened'), rows([[t('Time'), (e) => clock(e.at)], [t('Event'), (e) => e.event], [t('Detail'), (e) => h('span', { class: 'mono wrap' }, Object.entries(e.detail ?? {}).map(([k, v]) => `${k}=${typeof v === 'object' ? JSON.stringify(v) : v}`).join(' '))]], c.events, '')));
}

export async function render({ signal, rest }) {
  if (rest) return one(decodeURIComponent(rest));
  return h('div', { class: 'grid' }, has('GET flights') && recorder(), has('GET sip/messages') && signalling(signal), has('GET logs') && live(signal), files());
}
