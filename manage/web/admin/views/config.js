// The configuration: every key with its value and where that comes from; a document
// is checked, its changes are shown, and only then it is applied.
import { h, t, card, rows, chip, when, field, ask, save } from '../dom.js';
import { get, post, call, del, order, has } from '../api.js';

const layers = { 'built-in': 'built in', image: 'the image', site: 'the site\'s server', stick: 'a stick or code', media: 'a stick or code', backend: 'management', user: 'the person' };
const from = (s) => !s?.layer || s.layer === 'none' ? t('built in') : `${t(layers[s.layer] ?? s.layer)}${s.name ? ` · ${s.name}` : ''}${s.line ? `:${s.line}` : ''}`;

const changes = (list) => h('ul', { class: 'list diff' }, list.map((c) => h('li', {}, h('b', {}, c.name), ' ', h('span', { class: 'muted small mono' }, c.key), h('br'), h('del', { class: 'wrap' }, c.old || '–'), ' → ', h('ins', { class: 'wrap' }, c.new || '–'))));

function verdict(v) {
  if (!v.ok) return h('div', { role: 'status' }, h('p', { class: 'stop' }, t('This configuration can\'t be used; nothing was changed.')), h('ul', { class: 'list' }, v.errors.map((e) => h('li', {}, e.key && h('b', { class: 'mono' }, e.key, e.line ? ` (${t('line {n}', { n: e.line })})` : '', ' '), e.error))));
  return h('div', { class: 'stack', role: 'status' },
    v.changes.length ? h('p', {}, t('It can be used. It would change:')) : h('p', {}, t('It can be used, and changes nothing.')), v.changes.length > 0 && changes(v.changes),
    v.warnings.map((w) => h('p', { class: 'warn small' }, w)),
    v.trial && h('p', { class: 'muted' }, t('It could cost the phone its service: it is on trial, and taken back by itself unless a line registers within two minutes.')));
}

function editor(reload) {
  const text = h('textarea', { class: 'mono', spellcheck: 'false', 'aria-label': t('Document, TOML or JSON'), placeholder: 'version = 1\ntime_zone = "Europe/Zurich"\n' });
  const result = h('div', {});
  const file = h('input', { type: 'file', accept: '.toml,.json', class: 'hidden', tabindex: '-1', 'aria-label': t('Open a file') });
  file.addEventListener('change', async () => { text.value = await file.files[0].text(); file.value = ''; });
  const send = (path) => call('POST', path, text.value, { type: 'application/toml' });
  const check = order(async () => { result.replaceChildren(verdict(await send('config/validate'))); });
  const apply = order(async () => {
    const v = await send('config/validate');
    result.replaceChildren(verdict(v));
    if (!v.ok || !v.changes.length) return false;
    if (!(await ask(t('Apply these changes?'), h('div', { class: 'stack' }, changes(v.changes), h('p', { class: 'muted' }, t('The phone starts anew with it once nobody telephones.'))), t('Apply')))) return false;
    await send('config');
    return reload();
  }, t('The configuration is applied.'));
  return card(t('A new document'), h('div', { class: 'stack' }, h('p', { class: 'muted' }, t('What is written here takes the place of the whole document that management gave before. Keys that it does not name come from the other sources.')), text,
    h('div', { class: 'row' }, file, h('button', { onclick: () => file.click() }, t('Open a file')), h('button', { onclick: check }, t('Check')), h('button', { class: 'primary', onclick: apply }, t('Apply')),
      h('button', { class: 'danger', onclick: order(async () => (await ask(t('Take management\'s document away?'), h('p', {}, t('The keys come from the other sources again.')), t('Take away'), { danger: true })) ? del('config').then(reload) : false) }, t('Take away'))), result));
}

function standing(c, reload) {
  const undo = h('button', { onclick: order(async () => {
    if (!(await ask(t('Take the last change back?'), h('p', {}, t('The phone starts anew with what it had before once nobody telephones.')), t('Take back')))) return false;
    await post('config/rollback', {});
    return reload();
  }) }, t('Take the last change back'));
  return card(t('Standing'), h('div', { class: 'stack' },
    c.trial && h('p', {}, chip('warn', t('On trial since {when}: {name}', { when: when(c.trial.since), name: c.trial.name }))),
    c.last && h('p', {}, chip(c.last.confirmed ? 'go' : 'stop', c.last.confirmed ? t('The last change holds: {name}', { name: c.last.name }) : t('The last change was taken back: {why}', { why: c.last.why ?? '' })), ' ', h('span', { class: 'muted small' }, when(c.last.at))),
    c.missing.length > 0 && h('p', { class: 'warn' }, t('Without these nobody can sign in: {keys}', { keys: c.missing.join(', ') })),
    h('div', { class: 'row' }, undo, has('GET config/schema') && h('button', { class: 'quiet', onclick: order(async () => save('phoned.schema.json', 'application/schema+json', JSON.stringify(await get('config/schema'), null, 1))) }, t('JSON Schema')))));
}

export async function render() {
  const grid = h('div', { class: 'grid' });
  const filter = h('input', { type: 'search', 'aria-label': t('Filter'), placeholder: t('Key or word') }), only = h('input', { type: 'checkbox', checked: true });
  const load = async () => {
    const c = await get('config');
    const slot = h('div', {});
    const show = () => {
      const word = filter.value.trim().toLowerCase();
      const list = c.entries.filter((e) => (!only.checked || (e.source?.layer && e.source.layer !== 'none')) && (!word || `${e.key} ${e.name} ${e.text}`.toLowerCase().includes(word)));
      slot.replaceChildren(rows([
        [t('Key'), (e) => h('span', {}, h('b', {}, e.name), h('br'), h('span', { class: 'muted small mono' }, e.key))],
        [t('Value'), (e) => h('span', { class: 'wrap' }, e.text || '–')],
        [t('Comes from'), (e) => h('span', { class: 'small' }, from(e.source), e.locked ? h('b', {}, ` · ${t('locked')}`) : '')],
      ], list, t('No key fits.')));
    };
    filter.oninput = show;
    only.onchange = show;
    show();
    grid.replaceChildren(standing(c, load), editor(load), card(t('What holds'), h('div', { class: 'row' }, h('span', { class: 'grow' }, filter), h('label', { class: 'row' }, only, t('only what was given'))), slot));
  };
  await load();
  return grid;
}
