// The front panel: draws what the phone draws, and sends what fingers do. It
// keeps no state of its own; after a lost connection everything comes anew.
const $ = (id) => document.getElementById(id);
const lcd = $('lcd').getContext('2d');

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
  if (!key) return;
  e.preventDefault();
  if (!e.repeat) { pressed.set(e.code, key); down(key); }
});
addEventListener('keyup', (e) => { const key = pressed.get(e.code); if (key) { pressed.delete(e.code); up(key); } });
addEventListener('blur', () => { for (const key of [...held]) up(key); pressed.clear(); });

// What the phone shows -------------------------------------------------------
let drawing = Promise.resolve();
function frame(f) {
  drawing = drawing.then(async () => {
    if (lcd.canvas.width !== f.width) { lcd.canvas.width = f.width; lcd.canvas.height = f.height; }
    for (const p of f.patches) {
      const raw = Uint8Array.from(atob(p.png), (c) => c.charCodeAt(0));
      const bmp = await createImageBitmap(new Blob([raw], { type: 'image/png' }));
      lcd.drawImage(bmp, p.x, p.y); bmp.close();
    }
    lcd.canvas.dataset.seq = f.seq;
    sharpen();
  }).catch(() => {});
}
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
function brand(b) {
  document.title = b.name || 'phoned';
  $('icon').href = b.logo || 'icon.svg';
  $('icon').type = b.logo ? 'image/png' : 'image/svg+xml';
  const logo = $('brand');
  logo.alt = b.name;
  if (logo.getAttribute('src') !== b.logo) { if (b.logo) logo.src = b.logo; else logo.removeAttribute('src'); }
}
function panel(p) {
  brand(p.brand);
  offHook = p.offHook; pin = p.pin;
  $('hook').setAttribute('aria-checked', p.offHook);
  p.softKeys.forEach((a, i) => {
    const b = document.querySelector(`[data-key=sk${i + 1}]`);
    b.setAttribute('aria-label', a ? words[a] ?? a[0].toUpperCase() + a.slice(1) : `Soft key ${i + 1}, no function`);
    b.toggleAttribute('data-empty', !a);
  });
  p.keys.forEach((label, i) => {
    const b = document.querySelector(`[data-key=k${i + 1}]`);
    b.querySelector('span').textContent = label;
    b.setAttribute('aria-label', label ? `Line key ${i + 1}: ${label}` : `Line key ${i + 1}, no function`);
  });
  if ($('say').textContent !== p.say) $('say').textContent = p.say;
}
const level = (el, v) => { el.dataset.level = v; el.firstElementChild.style.clipPath = `inset(0 ${100 - 100 * Math.min(1, v)}% 0 0)`; };
const link = (state) => { $('link').dataset.state = state; $('link').textContent = { live: 'connected', lost: 'connection lost, trying again' }[state]; };

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
$('record').addEventListener('click', () => {
  const on = !since;
  $('record').setAttribute('aria-pressed', on);
  $('record').textContent = on ? 'Stop and save' : 'Record';
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
  $('callme').textContent = `${peer.name} calls you`;
  $('callme').addEventListener('click', () => send('sim/call-me', {}));
}).catch(() => {});
