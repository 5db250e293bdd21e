// Finished calls, newest first.
import { h, t, card, rows, when, duration, ask, field } from '../dom.js';
import { get, post, del, order, on, has } from '../api.js';

const outcomes = { answered: 'answered', answered_elsewhere: 'answered elsewhere', rejected: 'rejected', do_not_disturb: 'do not disturb', forwarded: 'forwarded', blocked: 'blocked', anonymous: 'anonymous, refused',
  cancelled: 'caller hung up', no_answer: 'no answer', busy: 'busy', failed: 'failed', missed: 'missed', voicemail: 'voicemail' };
const page = 50;

export async function render({ signal }) {
  const body = h('div', {}), filter = h('input', { type: 'search', 'aria-label': t('Filter'), placeholder: t('Name or number') });
  const recorded = has('GET flights') ? new Set((await get('flights')).calls.map((c) => c.callId)) : new Set();
  let list = [], all = false;
  const show = () => {
    const word = filter.value.trim().toLowerCase();
    const some = list.filter((c) => !word || `${c.name ?? ''} ${c.phoneNumber}`.toLowerCase().includes(word));
    body.replaceChildren(rows([
      [t('Party'), (c) => h('b', { class: 'wrap' }, c.name || c.phoneNumber || t('Unknown'))],
      [t('Way'), (c) => t(c.direction === 'inbound' ? 'in' : 'out')],
      [t('When'), (c) => h('span', { class: 'num' }, when(c.timestamp))],
      [t('Lasted'), (c) => h('span', { class: 'num' }, c.duration ? duration(c.duration) : '–'), 'right'],
      [t('Outcome'), (c) => h('span', { class: (c.outcome ?? c.status) === 'no_answer' || c.status === 'missed' ? 'stop' : '' }, t(outcomes[c.outcome ?? c.status] ?? c.status))],
      ['', (c) => h('span', { class: 'row' }, c.phoneNumber && h('button', { class: 'quiet', onclick: order(() => post('commands/dial', { number: c.phoneNumber }), t('The phone dials.')) }, t('Call')),
        recorded.has(c.id) && h('a', { href: `#/logs/${encodeURIComponent(c.id)}` }, t('Signalling')))],
    ], some, list.length ? t('No call fits.') : t('No calls yet.')), ...all || !list.length ? [] : [h('button', { onclick: order(more) }, t('Older calls'))]);
  };
  const more = async () => {
    const { calls } = await get(`history?limit=${page}&offset=${list.length}`);
    all = calls.length < page;
    list = list.concat(calls);
    show();
  };
  const anew = async () => { list = []; await more(); };
  filter.addEventListener('input', show);
  signal.addEventListener('abort', on('history-updated', () => { anew().catch(() => {}); }));
  await more();
  return card('', h('div', { class: 'row between' }, filter, h('div', { class: 'row' },
    h('button', { onclick: order(() => post('history/reload').then(anew), t('The history was fetched again.')) }, t('Fetch again')),
    h('button', { class: 'danger', onclick: order(async () => (await ask(t('Clear the history?'), h('p', {}, t('What the server has not accepted yet stays until it has.')), t('Clear'), { danger: true })) ? del('history').then(anew) : false) }, t('Clear')))), body);
}
