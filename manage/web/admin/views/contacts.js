// The address book: look, search, import and export vCards.
import { h, t, card, rows, save } from '../dom.js';
import { get, post, call, order, has } from '../api.js';

// read takes names and numbers out of the phone's own vCards.
function read(text) {
  const plain = (v) => v.replaceAll('\\n', ' ').replace(/\\([,;\\])/g, '$1');
  return text.replace(/\r?\n[ \t]/g, '').split(/END:VCARD/i).map((cardText) => {
    const lines = cardText.split(/\r?\n/);
    const value = (l) => plain(l.slice(l.indexOf(':') + 1).trim());
    const name = lines.find((l) => /^FN[;:]/i.test(l));
    return name && { name: value(name), numbers: lines.filter((l) => /^(\w+\.)?TEL[;:]/i.test(l)).map((l) => value(l).replace(/^tel:/i, '')), org: lines.filter((l) => /^ORG[;:]/i.test(l)).map(value)[0] };
  }).filter(Boolean).sort((a, b) => a.name.localeCompare(b.name));
}

export async function render() {
  const body = h('div', {}), filter = h('input', { type: 'search', 'aria-label': t('Filter'), placeholder: t('Name or number') });
  let list = [];
  const show = () => {
    const word = filter.value.trim().toLowerCase();
    const some = list.filter((c) => !word || `${c.name} ${c.numbers.join(' ')}`.toLowerCase().includes(word));
    body.replaceChildren(rows([
      [t('Name'), (c) => h('b', { class: 'wrap' }, c.name)], [t('Company'), (c) => c.org],
      [t('Numbers'), (c) => h('span', { class: 'row' }, c.numbers.map((n) => h('button', { class: 'quiet num', 'aria-label': t('Call {n}', { n }), onclick: order(() => post('commands/dial', { number: n }), t('The phone dials.')) }, n)))],
    ], some.slice(0, 500), list.length ? t('No contact fits.') : t('No contacts yet. Import a file of vCards, or save a number at the phone.')),
    some.length > 500 ? h('p', { class: 'muted' }, t('The first 500 of {n} are shown.', { n: some.length })) : '');
  };
  const load = async () => { list = read(await get('contacts')); show(); };
  filter.addEventListener('input', show);
  const file = h('input', { type: 'file', accept: '.vcf,text/vcard', class: 'hidden', tabindex: '-1', 'aria-label': t('File of vCards') });
  const result = h('p', { class: 'muted', role: 'status' });
  file.addEventListener('change', order(async () => {
    const answer = await call('POST', 'contacts', file.files[0], { type: 'text/vcard' });
    file.value = '';
    result.textContent = t('{added} new, {updated} changed, {unchanged} known already, {skipped} not usable.', answer);
    await load();
  }));
  await load();
  return card('', h('div', { class: 'row between' }, filter, h('div', { class: 'row' }, file,
    has('POST contacts') && h('button', { onclick: () => file.click() }, t('Import vCards')),
    h('button', { onclick: order(async () => save('contacts.vcf', 'text/vcard', await get('contacts?version=4.0'))) }, t('Export')))), result, body);
}
