// The network: lines and their servers, addresses, the web access itself.
import { h, t, card, facts, when } from '../dom.js';
import { get, has, order, post } from '../api.js';
import { watch } from '../main.js';
import { lineState, place } from './overview.js';

// The addresses that another machine can use, one a line.
function addresses(names) {
  const others = names.filter((n) => !/^(fe80:|127\.|::1$|localhost$)/.test(n));
  return h('span', {}, (others.length ? others : names).map((n) => h('div', {}, `https://${n.includes(':') ? `[${n}]` : n}${location.port ? `:${location.port}` : ''}`)));
}

export async function render({ signal }) {
  const lines = h('div', { class: 'grid' });
  watch((st) => {
    lines.replaceChildren(...st.lines.map((l) => place('half', card(l.label || l.number, h('div', { class: 'stack' }, h('p', {}, lineState(l)), facts([
      [t('Number'), l.number], [t('Domain'), l.domain], [t('Server'), l.server], [t('Transport'), l.transport], [t('Since'), l.since && when(l.since)], [t('Cause'), l.cause], [t('Next try'), l.nextTry && when(l.nextTry)]]))))));
    if (!st.lines.length) lines.replaceChildren(card('', h('p', { class: 'empty' }, t('No lines.'))));
  }, signal);
  const access = has('GET access/certificate') ? await get('access/certificate').catch(() => null) : null;
  return [h('p', { class: 'lead' }, t('Where the phone registers, and how it is reached.')), h('div', { class: 'grid' }, lines, access && place('half', card(t('Web access'), facts([[t('Addresses'), addresses(access.names ?? [])], [t('Words of its key'), access.words], [t('Certificate ends'), when(access.notAfter)]]))),
      place(access ? 'half' : '', card(t('Lines'), h('div', { class: 'row' }, h('button', { onclick: order(() => post('commands/reconnect'), t('The lines register anew.')) }, t('Reconnect')),
        has('POST lines/{service}') && h('button', { onclick: order(() => post('lines/on'), t('The lines go into service.')) }, t('Lines on')), has('POST lines/{service}') && h('button', { class: 'danger', onclick: order(() => post('lines/off'), t('The lines are taken out of service.')) }, t('Lines off'))))))];
}
