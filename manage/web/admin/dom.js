// Small helpers for building pages: elements, icons, words, times. Text always
// goes in as text: nothing that a phone was told is ever read as HTML.
let table = null;

// t gives a sentence in the page's language; {name} is filled in.
export function t(english, values = {}) {
  return (table?.[english] ?? english).replace(/\{(\w+)\}/g, (_, k) => values[k] ?? '');
}

// speak chooses the language: English, or a table beside this file.
export async function speak(locale) {
  const to = /^de\b/.test(locale) ? 'de' : 'en';
  table = to === 'de' ? await fetch('de.json').then((r) => r.json()) : null;
  document.documentElement.lang = to;
  return to;
}

// h makes an element: h('a', { href, onclick, class, … }, children…).
export function h(name, attributes, ...children) {
  const e = document.createElement(name);
  set(e, attributes);
  e.append(...children.flat(9).filter((c) => c !== null && c !== undefined && c !== false));
  return e;
}
function set(e, attributes) {
  for (const [k, v] of Object.entries(attributes ?? {})) {
    if (v === null || v === undefined || v === false) continue;
    if (k.startsWith('on')) e.addEventListener(k.slice(2), v);
    else if (k === 'value' || k === 'checked' || k === 'selected') e[k] = v;
    else e.setAttribute(k, v === true ? '' : v);
  }
}
// s is h for SVG.
export function s(name, attributes, ...children) {
  const e = document.createElementNS('http://www.w3.org/2000/svg', name);
  set(e, attributes);
  e.append(...children.flat(9).filter((c) => c !== null && c !== undefined));
  return e;
}

// Icons of 24 by 24, strokes of 2, drawn for this.
const paths = {
  overview: 'M4 4h7v7H4zM13 4h7v4h-7zM13 11h7v9h-7zM4 14h7v6H4z',
  calls: 'M5 3h4l2 5-2.5 1.5a11 11 0 0 0 6 6L16 13l5 2v4a2 2 0 0 1-2 2A16 16 0 0 1 3 5a2 2 0 0 1 2-2z',
  history: 'M4 12a8 8 0 1 0 2.5-5.8L4 8.5M4 4v4.5h4.5M12 8v4.5l3 2',
  contacts: 'M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM4 21a8 8 0 0 1 16 0',
  panel: 'M4 3h16v18H4zM8 7h8v5H8zM8 16h.01M12 16h.01M16 16h.01',
  audio: 'M4 10v4h4l5 4V6L8 10zM16.5 9a4 4 0 0 1 0 6M19 6.5a8 8 0 0 1 0 11',
  config: 'M4 7h9M17 7h3M4 17h3M11 17h9M15 4.5v5M9 14.5v5',
  network: 'M12 20h.01M8.5 16.5a5 5 0 0 1 7 0M5 13a10 10 0 0 1 14 0M2 9.5a15 15 0 0 1 20 0',
  logs: 'M5 4h14M5 9h14M5 14h9M5 19h9',
  updates: 'M12 4v11M7.5 10.5 12 15l4.5-4.5M5 20h14',
  security: 'M12 3l8 3v6c0 5-3.5 8-8 9-4.500-1-8-4-8-9V6z',
};
export const icon = (name) => s('svg', { class: 'icon', viewBox: '0 0 24 24', 'aria-hidden': 'true' }, s('path', { d: paths[name] ?? '' }));

export const chip = (tone, text) => h('span', { class: `chip ${tone}` }, text);
export const card = (title, ...children) => h('section', { class: 'card' }, title && h('h2', {}, title), ...children);
// facts lists pairs of a word and what it is; wide: one a row.
export const facts = (pairs, wide) => h('dl', { class: wide && 'wide' }, pairs.filter((p) => p && p[1] !== undefined && p[1] !== null && p[1] !== '').map(([k, v]) => h('div', {}, h('dt', {}, k), h('dd', {}, v))));

// rows makes a table: columns are [title, cell(row), class?].
export function rows(columns, list, empty) {
  if (!list.length) return h('p', { class: 'empty' }, empty);
  return h('div', { class: 'scroll' }, h('table', { class: 'stacking' },
    h('thead', {}, h('tr', {}, columns.map(([title, , c]) => h('th', { class: c, scope: 'col' }, title)))),
    h('tbody', {}, list.map((row) => h('tr', {}, columns.map(([title, cell, c]) => h('td', { class: c, 'data-label': title }, cell(row))))))));
}

// field is a labelled input; its value is read by the form's owner.
export function field(label, input, hint) {
  return h('label', {}, h('span', {}, label), input, hint && h('small', { class: 'muted' }, hint));
}

const two = (n) => String(n).padStart(2, '0');
export function duration(ms) {
  const sec = Math.max(0, Math.floor(ms / 1000));
  const hours = Math.floor(sec / 3600);
  return (hours ? `${hours}:${two(Math.floor(sec / 60) % 60)}` : two(Math.floor(sec / 60))) + `:${two(sec % 60)}`;
}
export function long(ms) {
  const min = Math.floor(ms / 60000);
  if (min < 1) return t('under a minute');
  if (min < 60) return t('{n} min', { n: min });
  if (min < 2880) return t('{h} h {m} min', { h: Math.floor(min / 60), m: min % 60 });
  return t('{d} days', { d: Math.floor(min / 1440) });
}
const lang = () => document.documentElement.lang;
export const when = (at) => new Date(at).toLocaleString(lang(), { dateStyle: 'medium', timeStyle: 'short' });
export const clock = (at) => new Date(at).toLocaleTimeString(lang(), { hour12: false });
export const bytes = (n) => n > 1 << 20 ? `${(n / (1 << 20)).toFixed(1)} MiB` : n > 1024 ? `${(n / 1024).toFixed(0)} KiB` : `${n} B`;
export const number = (n, digits = 0) => Number(n ?? 0).toLocaleString(lang(), { minimumFractionDigits: digits, maximumFractionDigits: digits });

export function toast(text, bad) {
  const e = h('p', { class: `toast ${bad ? 'bad' : ''}` }, text);
  document.getElementById('toasts').append(e);
  setTimeout(() => e.remove(), bad ? 9000 : 4000);
}

// ask opens a dialog and answers true for its first button; body may hold inputs.
export function ask(title, body, yes, { danger = false } = {}) {
  return new Promise((resolve) => {
    const box = h('dialog', { 'aria-label': title }, h('h2', {}, title), body,
      h('form', { method: 'dialog', class: 'row' },
        h('button', { class: danger ? 'danger' : 'primary', value: 'yes' }, yes), h('button', { value: '' }, t('Cancel'))));
    box.addEventListener('close', () => { box.remove(); resolve(box.returnValue === 'yes'); });
    document.body.append(box);
    box.showModal();
  });
}

export function save(name, type, content) {
  const a = h('a', { href: URL.createObjectURL(new Blob([content], { type })), download: name });
  a.click();
  setTimeout(() => URL.revokeObjectURL(a.href), 1000);
}
