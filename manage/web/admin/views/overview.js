// The phone at a glance: service, what happens now, its display, its problems.
import { h, t, chip, card, facts, when, long, number, bytes, ask } from '../dom.js';
import { post, has, order, stream } from '../api.js';
import { watch } from '../main.js';
import { screenOn } from '../../lcd.js';
import { callCard } from './calls.js';

const states = { registered: ['go', 'In service'], connecting: ['warn', 'Connecting'], unregistered: ['warn', 'Out of service'], failed: ['stop', 'Refused'], off: ['', 'Off'] };
export function lineState(l) {
  const [tone, words] = states[l.state] ?? ['', l.state];
  return chip(tone, t(words));
}

export function problem(p) {
  const tone = { critical: 'stop', error: 'stop', warning: 'warn' }[p.severity] ?? '';
  return h('li', {}, chip(tone, p.title), p.advice && h('p', { class: 'muted' }, p.advice), p.detail && h('p', { class: 'muted small wrap' }, p.detail));
}

export async function render({ signal }) {
  const lines = h('ul', { class: 'list' }), now = h('div', { class: 'stack' }), problems = h('ul', { class: 'list' }), about = h('div', {});
  const canvas = h('canvas', { class: 'screen', width: 320, height: 240, role: 'img', 'aria-label': t('The phone\'s display') });
  const said = h('p', { class: 'muted small', 'aria-live': 'off' });
  stream('screen/stream', { frame: screenOn(canvas), panel: (p) => { said.textContent = p.say; canvas.setAttribute('aria-label', `${t('The phone\'s display')}: ${p.say}`); } }, signal);

  watch((st) => {
    lines.replaceChildren(...st.lines.map((l) => h('li', { class: 'row between' },
      h('div', {}, h('b', {}, l.label || l.number), ' ', l.label && l.number !== l.label && h('span', { class: 'muted' }, l.number), h('p', { class: 'muted small' }, l.domain), l.cause && h('p', { class: 'stop small' }, l.cause)),
      h('div', {}, lineState(l), l.since && h('p', { class: 'muted small' }, when(l.since))))));
    if (!st.lines.length) lines.replaceChildren(h('li', { class: 'muted' }, t('This phone has no line yet. Sign in at the phone, or give it a configuration.')));
    now.replaceChildren(...st.calls.length ? st.calls.map((c) => callCard(c, st, { small: true })) : [h('p', { class: 'muted' }, st.offHook ? t('The handset is lifted.') : t('Nobody telephones.'))]);
    problems.replaceChildren(...st.problems.length ? st.problems.map(problem) : [h('li', {}, chip('go', t('Everything is as it should be.')))]);
    const p = st.phone ?? {};
    about.replaceChildren(facts([
      [t('Firmware'), p.version], [t('Board'), p.board], [t('Running for'), p.started && long(Date.now() - new Date(p.started))],
      [t('Voicemail'), st.mwi?.known ? t('{n} new', { n: st.mwi.count }) : t('not known')],
      [t('Memory in use'), p.counters && bytes(p.counters.heapBytes)], [t('Sound interruptions'), p.media && number(p.media.xruns ?? 0)],
    ]));
  }, signal);

  const buttons = h('div', { class: 'row' },
    h('button', { onclick: order(() => post('commands/reconnect'), t('The lines register anew.')) }, t('Reconnect')),
    has('POST session/refresh') && h('button', { onclick: order(() => post('session/refresh'), t('The session was fetched again.')) }, t('Fetch session')),
    has('POST restart') && h('button', { onclick: order(async () => (await ask(t('Restart the phone\'s program?'), h('p', {}, t('It restarts once nobody telephones; that takes a few seconds.')), t('Restart'))) ? post('restart', { when: 'idle' }) : false, t('It restarts once nobody telephones.')) }, t('Restart')),
    has('POST reboot') && h('button', { class: 'danger', onclick: order(async () => (await ask(t('Restart the whole device?'), h('p', {}, t('It restarts once nobody telephones; that takes about a minute.')), t('Restart'), { danger: true })) ? post('reboot', { when: 'idle' }) : false, t('It restarts once nobody telephones.')) }, t('Reboot')));
  const cards = h('div', { class: 'grid' },
    place('two-thirds', card(t('Now'), now)), place('third', card(t('Display'), canvas, said)),
    place('half', card(t('Lines'), lines)), place('half', card(t('Problems'), problems)),
    place('', card(t('This phone'), h('div', { class: 'stack' }, about, buttons))));
  return cards;
}
export const place = (size, e) => { if (size) e.classList.add(size); return e; };
