// Calls: place one, steer them, watch how they sound.
import { h, t, card, chip, duration, field, number, ask } from '../dom.js';
import { post, order, on, get, has } from '../api.js';
import { watch, phone } from '../main.js';
import { chart } from '../chart.js';

const room = 60; // samples of two seconds
const kept = new Map(); // call → samples, so that they survive a change of page
on('quality', (q) => {
  const list = kept.get(q.call) ?? [];
  list.push(q);
  if (list.length > room) list.shift();
  kept.set(q.call, list);
});
on('call-ended', (e) => kept.delete(e.call));

const command = (name, body, done) => order(() => post(`commands/${name}`, body), done);
const states = { dialing: 'Dialling', ringing: 'Ringing', alerting: 'Ringing', incoming: 'Calls', answering: 'Connecting', connected: 'In a call', active: 'In a call', ending: 'Ending', ended: 'Over' };
const words = { excellent: ['go', 'excellent'], good: ['go', 'good'], fair: ['warn', 'fair'], poor: ['stop', 'poor'] };

function state(c) {
  if (c.onHold) return chip('warn', t('On hold'));
  if (c.remoteHold) return chip('warn', t('Held by the other side'));
  return chip(c.status === 'connected' ? 'go' : 'warn', t(c.direction === 'inbound' && c.status === 'ringing' ? 'Calls' : states[c.status] ?? c.status));
}

// callCard shows one call with what can be done to it.
export function callCard(c, st, { small = false } = {}) {
  const id = { callId: c.callId };
  const time = h('span', { class: 'num big' }, duration(c.duration));
  time.dataset.since = Date.now() - c.duration;
  if (c.status === 'connected') time.dataset.ticks = '';
  const [tone, quality] = words[c.quality?.quality] ?? [];
  const others = st.calls.filter((o) => o.callId !== c.callId && o.status === 'connected');
  const ringing = c.direction === 'inbound' && c.status === 'ringing';
  const buttons = [
    ringing && h('button', { class: 'go', onclick: command('answer', id) }, t('Answer')),
    ringing && h('button', { class: 'danger', onclick: command('reject', id) }, t('Reject')),
    c.status === 'connected' && h('button', { 'aria-pressed': String(c.onHold), onclick: command('hold', id) }, c.onHold ? t('Resume') : t('Hold')),
    c.status === 'connected' && !small && h('button', { onclick: transfer(c, others) }, t('Transfer')),
    c.status === 'connected' && !small && has('GET park-slots') && h('button', { onclick: park(c) }, t('Park')),
    c.status === 'connected' && others.length > 0 && h('button', { onclick: command('conference', { on: true }) }, t('Join three')),
    c.status === 'connected' && !small && h('button', { 'aria-pressed': String(c.recording === 'on'), onclick: command('record', id) }, c.recording === 'on' ? t('Stop recording') : t('Record')),
    !ringing && c.status !== 'ended' && h('button', { class: 'danger', onclick: command('end', id) }, t('End')),
  ];
  return h('article', { class: 'stack', 'aria-label': c.name || c.phoneNumber },
    h('div', { class: 'row between' }, h('div', {}, h('p', { class: 'big wrap' }, c.name || c.phoneNumber || t('Unknown')), h('p', { class: 'muted' }, c.name && c.name !== c.phoneNumber ? `${c.phoneNumber} · ` : '', c.line)), time),
    h('div', { class: 'row' }, state(c), c.muted && chip('warn', t('Muted')), c.secure && chip('go', t('Encrypted')), c.recording === 'on' && chip('stop', t('Recorded')), quality && chip(tone, t(`Sounds ${quality}`))),
    h('div', { class: 'row' }, buttons));
}

const transfer = (c, others) => order(async () => {
  const target = h('input', { name: 'target', autocomplete: 'off', inputmode: 'tel' });
  const to = h('select', {}, h('option', { value: '' }, t('a number')), others.map((o) => h('option', { value: o.callId }, o.name || o.phoneNumber)));
  const sure = await ask(t('Hand {who} on', { who: c.name || c.phoneNumber }), h('div', { class: 'stack' }, others.length > 0 && field(t('to'), to), field(t('Number'), target)), t('Transfer'));
  if (!sure) return false;
  return post('commands/transfer', to.value ? { callId: c.callId, with: Number(to.value) } : { callId: c.callId, target: target.value });
}, t('The transfer is under way.'));

const park = (c) => order(async () => {
  const { slots } = await get('park-slots');
  const pick = h('select', {}, slots.filter((x) => !x.occupied).map((x) => h('option', { value: x.extension }, x.label || x.extension)));
  if (!(await ask(t('Park {who}', { who: c.name || c.phoneNumber }), field(t('Slot'), pick), t('Park')))) return false;
  return post('commands/park', { callId: c.callId, slot: pick.value });
});

function dialler() {
  const to = h('input', { name: 'number', autocomplete: 'off', inputmode: 'tel', required: true });
  const line = h('select', { name: 'line' }, (phone.status?.lines ?? []).map((l) => h('option', { value: l.line }, l.label || l.number)));
  const hidden = h('input', { type: 'checkbox' });
  return h('form', { class: 'form', onsubmit: order(() => post('commands/dial', { number: to.value, line: line.value || undefined, private: hidden.checked || undefined }), t('The phone dials.')) },
    field(t('Number'), to), field(t('Line'), line), h('label', { class: 'row' }, hidden, t('Withhold the number')), h('div', {}, h('button', { class: 'primary' }, t('Call'))));
}

function pad() {
  return h('div', { class: 'keys', role: 'group', 'aria-label': t('Digits in the call') }, [...'123456789*0#'].map((d) => h('button', { onclick: command('dtmf', { digits: d }) }, d)));
}

export async function render({ signal }) {
  const list = h('div', { class: 'grid' }), sound = h('div', { class: 'charts' }), say = h('p', { class: 'muted' });
  const charts = [
    ['packetLoss', chart(t('Packets lost'), (v) => `${number(v, 1)} %`, 5)], ['jitter', chart(t('Jitter'), (v) => `${number(v, 1)} ms`, 20)],
    ['latency', chart(t('Round trip'), (v) => `${number(v)} ms`, 100)], ['bitrate', chart(t('Bit rate'), (v) => `${number(v)} kbit/s`, 64)], ['audioLevel', chart(t('Their level'), (v) => `${number(100 * v)} %`, 0.5)],
  ];
  sound.append(...charts.map(([, c]) => c.element));
  const soundCard = card(t('How it sounds'), h('div', { class: 'stack' }, say, sound)), keyCard = card(t('Digits'), pad());
  const cards = h('div', { class: 'grid' }, card(t('New call'), dialler()), list);
  let focus = 0;
  // What was before this page was opened, the flight recorder knows.
  if (has('GET flights')) {
    get('flights').then(({ calls }) => Promise.all(calls.filter((c) => !c.ended && !kept.has(c.call)).map(async (c) => {
      const { samples } = await get(`flights/${encodeURIComponent(c.callId)}`);
      kept.set(c.call, samples.slice(-room).concat(kept.get(c.call) ?? []));
      draw();
    }))).catch(() => { /* only an administrator sees them */ });
  }
  const draw = () => {
    const samples = kept.get(focus) ?? [];
    for (const [name, c] of charts) c.draw(samples.map((q) => q[name] ?? 0), room);
    const last = samples.at(-1);
    say.textContent = !last ? t('The first figures come two seconds after the answer.') : last.cause ? `${t(`Sounds ${last.quality}`)} · ${last.text ?? causes(last)}` : t(`Sounds ${last.quality}`);
  };
  const off = on('quality', draw);
  signal.addEventListener('abort', off);
  watch((st) => {
    const active = st.calls.find((c) => c.callId === st.focus) ?? st.calls[0];
    focus = active?.callId ?? 0;
    const held = document.activeElement?.textContent;
    list.replaceChildren(...st.calls.length ? st.calls.map((c) => card('', callCard(c, st))) : [card('', h('p', { class: 'empty' }, t('Nobody telephones.')))]);
    if (st.calls.some((c) => c.status === 'connected')) { list.append(soundCard, keyCard); soundCard.classList.add('two-thirds'); keyCard.classList.add('third'); draw(); }
    if (held) [...list.querySelectorAll('button')].find((b) => b.textContent === held)?.focus({ preventScroll: true });
  }, signal);
  const tick = setInterval(() => {
    for (const e of document.querySelectorAll('[data-ticks]')) e.textContent = duration(Date.now() - e.dataset.since);
  }, 1000);
  signal.addEventListener('abort', () => clearInterval(tick));
  return cards;
}

const causes = (q) => t(`${q.side === 'theirs' ? 'Their side' : 'This side'}: {cause}`, { cause: q.cause.replaceAll('_', ' ') });
