// The administrator's pages: one page, its parts loaded when they are first looked
// at. Which part is shown stands in the address, after the #.
import { h, t, icon, chip, speak, toast } from './dom.js';
import { get, follow, learn, has, on, onSignedOut, Problem } from './api.js';

const $ = (id) => document.getElementById(id);
// name, what it is called, the operation without which it is not shown
const pages = [
  ['overview', 'Overview'], ['calls', 'Calls'], ['history', 'History', 'GET history'], ['contacts', 'Contacts', 'GET contacts'], ['panel', 'Front panel'], null,
  ['config', 'Configuration', 'GET config'], ['audio', 'Sound'], ['network', 'Network'], ['logs', 'Logs', 'GET logs'], ['updates', 'Updates', 'GET update'], ['security', 'Security', 'GET access/accounts'],
];

// The theme: the reader's, else the system's.
const dark = matchMedia('(prefers-color-scheme: dark)');
let chosen = null;
try { chosen = localStorage.getItem('theme'); } catch { /* kept nowhere, then */ }
function paint() {
  const theme = chosen ?? (dark.matches ? 'dark' : 'light');
  document.documentElement.dataset.theme = theme;
  $('theme').textContent = theme === 'dark' ? t('Light') : t('Dark');
  $('theme').title = t('Colours');
}
dark.addEventListener('change', paint);
$('theme').addEventListener('click', () => {
  chosen = document.documentElement.dataset.theme === 'dark' ? 'light' : 'dark';
  try { localStorage.setItem('theme', chosen); } catch { /* as above */ }
  paint();
});
paint();

// What every page can know of the phone ---------------------------------------
export const phone = { status: null, who: null };
const watchers = new Set();
// watch calls f with each new status until signal says stop.
export function watch(f, signal) {
  if (phone.status) f(phone.status);
  watchers.add(f);
  signal.addEventListener('abort', () => watchers.delete(f));
}
let asking = null, again = false;
export function refresh() {
  if (asking) { again = true; return asking; }
  asking = get('status').then((st) => {
    phone.status = st;
    header(st);
    for (const f of watchers) f(st);
  }).catch(() => {}).finally(() => { asking = null; if (again) { again = false; refresh(); } });
  return asking;
}
export function service(st) {
  if (st.session && st.session.state !== 'signed_in' && !st.lines.length) return ['stop', t('Nobody is signed in')];
  const up = st.lines.filter((l) => l.state === 'registered').length;
  if (!st.lines.length) return ['warn', t('No lines')];
  if (up === st.lines.length) return st.problems.some((p) => p.severity === 'critical' || p.severity === 'error') ? ['warn', t('In service, with problems')] : ['go', t('In service')];
  return up ? ['warn', t('{n} of {m} lines in service', { n: up, m: st.lines.length })] : ['stop', t('No service')];
}
function header(st) {
  const [tone, words] = service(st);
  $('service').replaceWith(Object.assign(chip(tone, words), { id: 'service' }));
  $('service').setAttribute('role', 'status');
  const label = st.brand?.name || st.phone?.name || st.lines[0]?.label || t('Phone');
  $('name').textContent = label;
  document.title = `${label} · ${t(pages.find((p) => p?.[0] === shown)?.[1] ?? 'Overview')}`;
  if (st.brand?.logo) { $('logo').src = st.brand.logo; $('logo').hidden = false; $('icon').href = st.brand.logo; $('icon').type = 'image/png'; }
}

// Pages -----------------------------------------------------------------------
let shown = '', leave = null;
function navigation() {
  $('nav').replaceChildren(...pages.filter((p) => !p || !p[2] || has(p[2])).map((p) => p
    ? h('a', { href: p[0] === 'panel' ? '../panel' : `#/${p[0]}`, 'aria-current': p[0] === shown ? 'page' : null }, icon(p[0]), t(p[1])) : h('hr')));
  $('nav').setAttribute('aria-label', t('Pages'));
  document.querySelector('.skip').textContent = t('Skip to the page');
}
async function show() {
  const [, name = 'overview', rest = ''] = location.hash.match(/^#\/([a-z]+)(?:\/(.*))?$/) ?? [];
  const page = pages.find((p) => p?.[0] === name && p[0] !== 'panel') ?? pages[0];
  leave?.abort();
  leave = new AbortController();
  const { signal } = leave;
  const first = shown === '';
  shown = page[0];
  navigation();
  if (phone.status) header(phone.status);
  const view = $('view');
  try {
    const { render } = await import(`./views/${page[0]}.js`);
    if (signal.aborted) return;
    const content = await render({ signal, rest });
    if (signal.aborted) return;
    view.replaceChildren(h('h1', {}, t(page[1])), ...[content].flat());
  } catch (err) {
    if (signal.aborted) return;
    if (err instanceof Problem && err.status === 401) return;
    view.replaceChildren(h('h1', {}, t(page[1])), h('div', { class: 'card' }, h('p', { class: 'stop' }, err instanceof Problem ? err.message : t('This page could not be shown.')), err instanceof Problem ? null : h('p', { class: 'muted small' }, String(err))));
  }
  if (!first) { view.focus({ preventScroll: true }); scrollTo(0, 0); }
}

// Signing in -------------------------------------------------------------------
let stop = null;
async function gate() {
  stop?.();
  stop = null;
  leave?.abort();
  $('nav').replaceChildren();
  const { render } = await import('./views/gate.js');
  $('view').replaceChildren(await render({ done: start }));
}
onSignedOut(gate);

const link = (state) => {
  $('link').dataset.state = state;
  $('link').textContent = t({ live: 'connected', lost: 'connection lost', wait: 'connecting' }[state]);
  if (state === 'live') refresh();
};
async function identify() {
  if (!has('GET access/me')) return;
  phone.who = await get('access/me');
  const { account } = await import('./views/gate.js');
  $('who').replaceChildren(account(phone.who, gate));
}
async function start() {
  try {
    await learn();
  } catch (err) {
    if (err.status === 401) return;
    toast(err.message, true);
    setTimeout(start, 3000);
    return;
  }
  phone.status = await get('status').catch(() => null);
  await speak(navigator.language || phone.status?.locale || 'en');
  paint();
  if (phone.status) header(phone.status);
  await identify().catch(() => {});
  stop = follow(link);
  await show();
}
on('*', (_, name) => { if (name !== 'quality' && name !== 'park-slots-updated') refresh(); });
addEventListener('hashchange', show);
start();
