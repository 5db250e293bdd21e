// Software: what runs, and bringing newer on.
import { h, t, card, facts, chip, field, when } from '../dom.js';
import { get, post, del, call, order, on, has } from '../api.js';

const phases = { idle: ['go', 'Up to date, as far as is known'], fetching: ['warn', 'The update is fetched'], verifying: ['warn', 'The update is checked'], installing: ['warn', 'The update is written to the other slot'],
  restarting: ['warn', 'It restarts once nobody telephones'], trial: ['warn', 'The new version is on trial: it is kept once the phone is in service'] };

// byItself says when what the update server offers is installed without anybody saying so.
function byItself(u) {
  if (!u.offered) return undefined;
  if (u.refused) return t('no, because of what became of it here: {reason}', { reason: u.refused });
  if (!u.byItself) return t('no, when somebody says so');
  if (u.windowTo) return t('between {from} and {to}', { from: when(u.windowFrom), to: when(u.windowTo) });
  return u.windowFrom ? t('from {from} on', { from: when(u.windowFrom) }) : t('as soon as nobody telephones');
}

export async function render({ signal }) {
  const state = h('div', { class: 'stack' });
  let timer = 0;
  const show = async () => {
    clearTimeout(timer);
    const u = await get('update');
    const [tone, words] = u.phase === 'idle' && u.offered ? ['warn', 'There is newer firmware'] : phases[u.phase] ?? ['', u.phase];
    const bar = h('progress', { max: 100, 'aria-label': t('Progress') });
    if (u.percent !== undefined) bar.value = u.percent;
    state.replaceChildren(...[h('p', {}, chip(tone, t(words))), u.phase !== 'idle' && u.phase !== 'trial' && bar,
      facts([[t('Runs'), u.version], [t('Offered'), u.available], [t('Updated'), u.way && t({ slots: 'signed bundles, two slots', apt: 'the system\'s packages (apt)', none: 'as the rest of its system is, or not at all' }[u.way] ?? u.way)], [t('Last update'), u.reason && `${u.detail || u.reason}${u.at ? ` · ${when(u.at)}` : ''}`],
        [t('Installed by itself'), byItself(u)], [t('The server answered'), u.checked && when(u.checked)], [t('It is asked again'), u.nextCheck && when(u.nextCheck)], [t('It did not answer'), u.checkFailed]]),
      u.way === 'slots' && u.phase === 'idle' && has('POST update/check') && h('div', { class: 'row' },
        u.offered && h('button', { class: 'primary', onclick: order(() => post('update', {}).then(show), t('The update begins.')) }, t('Install {version} now', { version: u.offered })),
        h('button', { onclick: order(() => post('update/check', {}).then(show), t('The server is asked.')) }, t('Check now'))),
      ['fetching', 'verifying'].includes(u.phase) && h('div', {}, h('button', { class: 'danger', onclick: order(() => del('update').then(show)) }, t('Cancel')))].filter(Boolean));
    if (u.phase !== 'idle' && !signal.aborted) timer = setTimeout(() => show().catch(() => {}), 2000);
    return u.way === 'slots';
  };
  signal.addEventListener('abort', () => clearTimeout(timer));
  signal.addEventListener('abort', on('update', () => { show().catch(() => {}); }));
  const can = await show();
  const url = h('input', { type: 'url', placeholder: 'https://', pattern: 'https://.*', required: true }), older = h('input', { type: 'checkbox' }), file = h('input', { type: 'file', accept: '.raucb' });
  const forms = can && [
    card(t('From a server'), h('form', { class: 'form', onsubmit: order(() => post('update', { url: url.value, older: older.checked || undefined }).then(show), t('The update begins.')) }, field(t('Address of the bundle'), url), h('div', {}, h('button', { class: 'primary' }, t('Install'))))),
    card(t('From this computer'), h('form', { class: 'form', onsubmit: order(async () => { await call('POST', `update/upload${older.checked ? '?older=true' : ''}`, file.files[0], { type: 'application/octet-stream' }); await show(); }, t('The update begins.')) }, field(t('Signed bundle (.raucb)'), file), h('div', {}, h('button', {}, t('Upload and install'))))),
    card('', h('label', { class: 'row' }, older, t('Take an older version too'))),
  ];
  return h('div', { class: 'grid' }, card(t('Software'), state), forms);
}
