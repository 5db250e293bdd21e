// Who may manage the phone: accounts, sessions, tokens, and what was done.
import { h, t, card, rows, facts, when, field, ask } from '../dom.js';
import { get, post, call, del, order, has } from '../api.js';
import { phone } from '../main.js';
import { changePassword } from './gate.js';

const roleBox = (value = 'viewer') => h('select', {}, ['viewer', 'operator', 'administrator'].map((r) => h('option', { value: r, selected: r === value }, t(r))));
const secret = () => h('input', { type: 'password', autocomplete: 'new-password', minlength: 10, required: true });

async function accounts(reload) {
  const { accounts: list } = await get('access/accounts');
  const add = order(async () => {
    const name = h('input', { autocomplete: 'off', required: true }), role = roleBox(), pass = secret();
    if (!(await ask(t('New account'), h('div', { class: 'stack' }, field(t('Name'), name), field(t('Role'), role), field(t('Password'), pass, t('At least ten characters.'))), t('Add')))) return false;
    await post('access/accounts', { name: name.value, role: role.value, password: pass.value });
    return reload();
  });
  const path = (a) => `access/accounts/${encodeURIComponent(a.name)}`;
  return card(t('Accounts'), rows([
    [t('Name'), (a) => h('b', {}, a.name)], [t('Role'), (a) => t(a.role)], [t('Password set'), (a) => a.provisioned ? t('by the configuration') : when(a.changed)],
    ['', (a) => !a.provisioned && h('span', { class: 'row' },
      h('button', { class: 'quiet', onclick: order(async () => {
        const role = roleBox(a.role);
        if (!(await ask(t('Role of {name}', { name: a.name }), field(t('Role'), role), t('Change')))) return false;
        await call('PATCH', path(a), { role: role.value, password: null });
        return reload();
      }) }, t('Role')),
      h('button', { class: 'quiet', onclick: order(async () => {
        const pass = secret();
        if (!(await ask(t('New password of {name}', { name: a.name }), field(t('Password'), pass, t('At least ten characters. Its sessions end.')), t('Change')))) return false;
        await call('PATCH', path(a), { role: null, password: pass.value });
        return reload();
      }) }, t('Password')),
      h('button', { class: 'quiet stop', onclick: order(async () => (await ask(t('Remove {name}?', { name: a.name }), h('p', {}, t('Its sessions and tokens end at once.')), t('Remove'), { danger: true })) ? del(path(a)).then(reload) : false) }, t('Remove')))],
  ], list, t('No account yet.')), h('div', { class: 'row' }, h('button', { onclick: add }, t('New account')), phone.who?.by === 'session' && h('button', { onclick: changePassword }, t('Change my password'))));
}

async function sessions(reload) {
  const { sessions: list } = await get('access/sessions');
  return card(t('Sessions'), rows([
    [t('Name'), (x) => h('b', {}, x.name, x.current ? h('span', { class: 'go small' }, ` · ${t('this one')}`) : '')], [t('From'), (x) => x.from], [t('Seen'), (x) => when(x.seen)], [t('Ends'), (x) => when(x.expires)], [t('Browser'), (x) => h('span', { class: 'muted small wrap' }, x.agent)],
    ['', (x) => !x.current && h('button', { class: 'quiet stop', onclick: order(() => del(`access/sessions/${x.id}`).then(reload)) }, t('End'))],
  ], list, t('Nobody is signed in.')));
}

async function tokens(reload) {
  const { tokens: list } = await get('access/tokens');
  const add = order(async () => {
    const label = h('input', { autocomplete: 'off', required: true, placeholder: 'prometheus' }), role = roleBox(), days = h('input', { type: 'number', min: 1, max: 1098, value: 365 });
    if (!(await ask(t('New token'), h('div', { class: 'stack' }, field(t('For what'), label), field(t('Role'), role), field(t('Days'), days)), t('Make')))) return false;
    const made = await post('access/tokens', { label: label.value, role: role.value, days: Number(days.value) });
    await ask(t('The token, this once'), h('div', { class: 'stack' }, h('p', {}, t('Programs send it as Authorization: Bearer. It can\'t be shown again.')), h('p', { class: 'mono wrap' }, made.token)), t('I have it'));
    return reload();
  });
  return card(t('Tokens of programs'), rows([
    [t('For what'), (x) => h('b', {}, x.label)], [t('Role'), (x) => t(x.role)], [t('Made by'), (x) => x.by], [t('Ends'), (x) => x.expires ? when(x.expires) : t('never')], [t('Used'), (x) => x.used ? when(x.used) : '–'],
    ['', (x) => !x.provisioned && h('button', { class: 'quiet stop', onclick: order(() => del(`access/tokens/${x.id}`).then(reload)) }, t('Revoke'))],
  ], list, t('No tokens. A program such as Prometheus or phonectl signs in with one.')), h('button', { onclick: add }, t('New token')));
}

async function audit() {
  const slot = h('div', {}), more = h('button', {}, t('Earlier'));
  let list = [], next = 0;
  const show = () => slot.replaceChildren(rows([
    [t('When'), (e) => h('span', { class: 'num' }, when(e.at))], [t('Who'), (e) => h('b', {}, e.name || '–')], [t('From'), (e) => e.from], [t('What'), (e) => h('span', { class: 'mono' }, e.what, e.target ? ` ${e.target}` : '')],
    [t('Outcome'), (e) => h('span', { class: e.status >= 400 ? 'stop' : 'go' }, String(e.status), e.count > 1 ? ` × ${e.count}` : '')],
  ], list, t('Nothing yet.')));
  const load = async () => {
    const page = await get(`access/audit?limit=50${next ? `&before=${next}` : ''}`);
    list = list.concat(page.entries);
    next = page.next;
    more.hidden = !next;
    show();
  };
  more.addEventListener('click', order(load));
  await load();
  return card(t('What was done'), slot, more);
}

async function certificate(reload) {
  const c = await get('access/certificate').catch(() => null);
  if (!c) return null;
  const chain = h('input', { type: 'file', accept: '.pem,.crt,.cer' }), key = h('input', { type: 'file', accept: '.pem,.key' });
  const upload = order(async () => {
    if (!(await ask(t('A certificate of your own'), h('div', { class: 'stack' }, field(t('Certificate and its chain (PEM)'), chain), field(t('Key (PEM, without a password)'), key)), t('Use it')))) return false;
    await call('PUT', 'access/certificate', { certificate: await chain.files[0].text(), key: await key.files[0].text() });
    return reload();
  }, t('The certificate is used from the next connection on.'));
  return card(t('Certificate'), h('div', { class: 'stack' },
    h('p', {}, c.uploaded ? t('A certificate of your own.') : t('The phone\'s own, made by itself. Compare these words with the ones on the phone (Menu, Settings, Web access):')),
    !c.uploaded && h('p', { class: 'big wrap' }, c.words),
    facts([[t('Names'), (c.names ?? []).join(' · ')], [t('Ends'), when(c.notAfter)], [t('Fingerprint'), h('span', { class: 'mono' }, c.fingerprint)], [t('SHA-256 of its key (for phonectl)'), h('span', { class: 'mono' }, c.keyPin)]], true),
    h('div', { class: 'row' }, h('button', { onclick: upload }, t('Give it another')), c.uploaded && h('button', { onclick: order(() => del('access/certificate').then(reload), t('The phone uses its own again.')) }, t('Take it away')))));
}

export async function render() {
  const grid = h('div', { class: 'grid' });
  const load = async () => {
    const parts = await Promise.all([accounts(load), tokens(load), sessions(load), has('GET access/certificate') ? certificate(load) : null, has('GET access/audit') ? audit() : null]);
    grid.replaceChildren(...parts.filter(Boolean));
  };
  await load();
  return grid;
}
