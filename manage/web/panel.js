// The front panel: draws what the phone draws, and sends what fingers do. It
// keeps no state of its own; after a lost connection everything comes anew.
import { screenOn } from './lcd.js';

const $ = (id) => document.getElementById(id);
const lcd = { canvas: $('lcd') };
const frame = screenOn($('lcd'), sharpen);

// Keys -----------------------------------------------------------------------
// One request at a time, so that nothing overtakes; a finger is not a flood.
const queue = []; let sending = false;
function send(path, body) {
  if (queue.length < 200) queue.push([path, body]);
  if (!sending) drain();
}
async function drain() {
  sending = true;
  while (queue.length) {
    const [path, body] = queue.shift();
    try {
      await fetch(path, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) });
    } catch { // half of what was typed would be worse than nothing; the phone lets held keys go by itself
      queue.length = 0;
      link('lost');
    }
  }
  sending = false;
}
const held = new Set();
// A recording has zeros for the digits of a PIN.
let pin = false; const veiled = new Set();
const veil = (key) => { if (!pin || !/^[0-9*#]$/.test(key)) return key; veiled.add(key); return '0'; };
const unveil = (key) => veiled.delete(key) ? '0' : key;
let id = ''; // of this panel: when its stream ends, the phone lets go of the keys it holds
const down = (key) => { if (held.has(key)) return; held.add(key); mark(key, true); note({ do: 'down', key: veil(key) }); send('api/v1/keys', { key, action: 'down', panel: id }); };
const up = (key) => { if (!held.delete(key)) return; mark(key, false); note({ do: 'up', key: unveil(key) }); send('api/v1/keys', { key, action: 'up', panel: id }); };
const mark = (key, on) => document.querySelector(`[data-key="${CSS.escape(key)}"]`)?.toggleAttribute('data-down', on);

for (const b of document.querySelectorAll('[data-key]')) {
  const key = b.dataset.key;
  b.addEventListener('pointerdown', (e) => { if (e.button) return; b.setPointerCapture(e.pointerId); down(key); });
  for (const end of ['pointerup', 'pointercancel', 'lostpointercapture']) b.addEventListener(end, () => up(key));
  // A click without a pointer: a screen reader, or Enter and space on a focused key.
  b.addEventListener('click', (e) => { if (e.detail === 0 && !held.has(key)) { down(key); up(key); } });
  b.addEventListener('contextmenu', (e) => e.preventDefault());
}
// A mouse leaves the focus where it was: the space bar stays the handset.
for (const b of document.querySelectorAll('button')) b.addEventListener('mousedown', (e) => e.preventDefault());
let offHook = false;
const hook = () => { note({ do: offHook ? 'hangup' : 'lift' }); send('api/v1/hook', { offHook: !offHook }); };
$('hook').addEventListener('click', hook);

const shortcuts = { Escape: 'back', Backspace: 'back', Enter: 'ok', ArrowUp: 'up', ArrowDown: 'down', ArrowLeft: 'left', ArrowRight: 'right',
  F1: 'sk1', F2: 'sk2', F3: 'sk3', F4: 'sk4', s: 'speaker', e: 'headset', m: 'mute', o: 'hold', t: 'transfer', r: 'redial', v: 'message', '+': 'vol+', '-': 'vol-' };
const keyOf = (e) => /^[0-9*#]$/.test(e.key) ? e.key : shortcuts[e.key];
const pressed = new Map(); // by physical key: the letter may change while it is held
addEventListener('keydown', (e) => {
  if (e.ctrlKey || e.metaKey || e.altKey) return;
  const onButton = e.target.closest?.('button');
  if (onButton && (e.key === 'Enter' || e.key === ' ')) return;
  if (e.key === ' ') { e.preventDefault(); if (!e.repeat) hook(); return; }
  const key = keyOf(e);
  if (!key || !document.querySelector(`[data-key="${CSS.escape(key)}"]`).checkVisibility()) return; // a key that this panel lacks
  e.preventDefault();
  if (!e.repeat) { pressed.set(e.code, key); down(key); }
});
addEventListener('keyup', (e) => { const key = pressed.get(e.code); if (key) { pressed.delete(e.code); up(key); } });
addEventListener('blur', () => { for (const key of [...held]) up(key); pressed.clear(); });

// A finger on a dark display means: show me.
lcd.canvas.addEventListener('click', () => { if (latest?.display !== 'on') send('api/v1/commands/wake', {}); });

// What the phone shows -------------------------------------------------------
// Where one pixel of the LCD covers whole pixels of the screen, nothing is smoothed.
function sharpen() {
  const scale = lcd.canvas.getBoundingClientRect().width * devicePixelRatio / lcd.canvas.width;
  lcd.canvas.toggleAttribute('data-whole', scale >= 1 && Math.abs(scale - Math.round(scale)) < 0.004);
}
addEventListener('resize', sharpen);
function lamps(all) {
  for (const el of document.querySelectorAll('[data-lamp]')) {
    const s = all[el.dataset.lamp] ?? { pattern: 'off' };
    el.dataset.pattern = s.pattern; el.dataset.colour = s.colour ?? '';
  }
}
const words = { end_answer: 'End and answer', sign_in: 'Sign in' };
// The panel's own words are English; another language is a table of them. What is on the display comes from the phone.
let table = null, locale = 'en', latest = null, caller = '';
const tr = (s) => table?.text[s] ?? s;
const action = (a) => table?.action[a] ?? words[a] ?? a[0].toUpperCase() + a.slice(1).replaceAll('_', ' ');
const say = (p) => (table?.screen[p.screen] ? table.screen[p.screen] + (/: .*/s.exec(p.say)?.[0] ?? '') : p.say);
const guest = () => { if (caller) $('callme').textContent = `${caller} ${tr('calls you')}`; };
async function speak(to) {
  if (to === locale) return;
  locale = to;
  const r = /^de\b/.test(to) ? await fetch('de.json') : null;
  if (r && !r.ok) return;
  table = r && await r.json();
  document.documentElement.lang = table ? 'de' : 'en';
  const walk = document.createTreeWalker(document.querySelector('main'), NodeFilter.SHOW_TEXT);
  for (let n = walk.nextNode(); n; n = walk.nextNode()) {
    if (n.parentElement.closest('#say, #link, #callme, #record, .lines span')) continue;
    n.english ??= n.nodeValue;
    const word = n.english.trim();
    if (word) n.nodeValue = n.english.replace(word, tr(word));
  }
  for (const e of document.querySelectorAll('main [aria-label], main [title]')) {
    for (const a of ['aria-label', 'title']) {
      if (!e.hasAttribute(a)) continue;
      e.english ??= {};
      e.english[a] ??= e.getAttribute(a);
      e.setAttribute(a, tr(e.english[a]));
    }
  }
  record(); guest(); link($('link').dataset.state);
  panel(latest);
}
function brand(b) {
  document.title = b.name || 'phoned';
  $('icon').href = b.logo || 'icon.svg';
  $('icon').type = b.logo ? 'image/png' : 'image/svg+xml';
  const logo = $('brand');
  logo.alt = b.name;
  if (logo.getAttribute('src') !== b.logo) { if (b.logo) logo.src = b.logo; else logo.removeAttribute('src'); }
}
function panel(p) {
  latest = p;
  speak(p.locale);
  brand(p.brand);
  offHook = p.offHook; pin = p.pin;
  $('hook').setAttribute('aria-checked', p.offHook);
  lcd.canvas.dataset.display = p.display;
  p.softKeys.forEach((a, i) => {
    const b = document.querySelector(`[data-key=sk${i + 1}]`);
    b.setAttribute('aria-label', a ? action(a) : `${tr('Soft key')} ${i + 1}, ${tr('no function')}`);
    b.toggleAttribute('data-empty', !a);
  });
  p.keys.forEach((label, i) => {
    const b = document.querySelector(`[data-key=k${i + 1}]`);
    b.querySelector('span').textContent = label;
    b.setAttribute('aria-label', `${tr('Line key')} ${i + 1}${label ? `: ${label}` : `, ${tr('no function')}`}`);
  });
  const said = say(p);
  if ($('say').textContent !== said) $('say').textContent = said;
}
const level = (el, v) => { el.dataset.level = v; el.firstElementChild.style.clipPath = `inset(0 ${100 - 100 * Math.min(1, v)}% 0 0)`; };
const link = (state) => { $('link').dataset.state = state; $('link').textContent = tr({ live: 'connected', lost: 'connection lost, trying again', wait: 'connecting' }[state]); };

function follow() {
  const source = new EventSource('api/v1/screen/stream');
  const on = (name, f) => source.addEventListener(name, (e) => { link('live'); f(JSON.parse(e.data)); });
  on('hello', (h) => { id = h.panel; });
  on('frame', frame); on('lamps', lamps); on('panel', panel);
  on('levels', (l) => { level($('mic'), l.mic); level($('speaker'), l.speaker); });
  source.onerror = () => {
    link('lost');
    if (source.readyState === EventSource.CLOSED) setTimeout(follow, 3000); // refused: it does not try again by itself
  };
}
follow();

// Recording ------------------------------------------------------------------
// What fingers do, with its times, as a script for `phonesim -script`: the
// same session again, for a test or for who is to see what went wrong.
const tape = []; let since = 0; // of the recording's start; 0: none
function note(order) {
  if (!since) return;
  const at = Math.round(performance.now() - since);
  const wait = at - (tape.at(-1)?.at ?? 0);
  tape.push({ at, line: wait > 20 ? { do: 'wait', ms: wait } : null, order });
}
const record = () => { $('record').textContent = tr(since ? 'Stop and save' : 'Record'); };
$('record').addEventListener('click', () => {
  const on = !since;
  $('record').setAttribute('aria-pressed', on);
  if (on) { tape.length = 0; since = performance.now(); return; }
  since = 0;
  const lines = tape.flatMap((t) => (t.line ? [t.line, t.order] : [t.order])).concat({ do: 'wait', ms: 500 }, { do: 'view' }, { do: 'quit' });
  const file = new Blob([lines.map((l) => JSON.stringify(l)).join('\n') + '\n'], { type: 'application/jsonl' });
  const a = Object.assign(document.createElement('a'), { href: URL.createObjectURL(file), download: 'session.script' });
  a.click();
  setTimeout(() => URL.revokeObjectURL(a.href), 1000);
});

// The simulator's own button, where there is one.
fetch('sim/peer').then((r) => r.ok ? r.json() : null).then((peer) => {
  if (!peer) return;
  $('guest').dataset.here = '';
  caller = peer.name;
  guest();
  $('callme').addEventListener('click', () => send('sim/call-me', {}));
}).catch(() => {});
