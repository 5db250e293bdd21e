// The phone's HTTP interface. Refusals come as RFC 9457 documents and are thrown
// as Problem, in the phone's own words.
import { t, toast } from './dom.js';

export class Problem extends Error {
  constructor(status, doc) {
    super([doc?.title, doc?.detail].filter(Boolean).join(' ') || t('The phone does not answer.'));
    this.status = status;
    this.doc = doc ?? {};
  }
}

let signedOut = () => {};
export const onSignedOut = (f) => { signedOut = f; };

export async function call(method, path, body, { type = 'application/json', raw = false, quiet = false } = {}) {
  const init = { method, headers: { Accept: 'application/json, application/problem+json' }, cache: 'no-store' };
  if (body !== undefined) {
    init.headers['Content-Type'] = type;
    init.body = type === 'application/json' ? JSON.stringify(body) : body;
  }
  let r;
  try {
    r = await fetch(`../api/v1/${path}`, init);
  } catch {
    throw new Problem(0);
  }
  if (r.status === 401 && !quiet) signedOut();
  if (!r.ok) throw new Problem(r.status, await r.json().catch(() => null));
  if (raw) return r;
  return r.status === 204 || r.headers.get('Content-Length') === '0' ? null : (/json/.test(r.headers.get('Content-Type')) ? r.json() : r.text());
}
export const get = (path, o) => call('GET', path, undefined, o);
export const post = (path, body, o) => call('POST', path, body ?? {}, o);
export const put = (path, body, o) => call('PUT', path, body, o);
export const del = (path, o) => call('DELETE', path, undefined, o);

// has says whether this phone offers an operation; filled from its description.
let known = null;
export async function learn() {
  const doc = await get('openapi.json');
  known = new Set(Object.entries(doc.paths).flatMap(([path, ops]) => Object.keys(ops).map((m) => `${m.toUpperCase()} ${path.replace('/api/v1/', '')}`)));
}
export const has = (operation) => known?.has(operation) ?? false;

// order runs what a button asks for and says how it ended; while it runs the button rests.
export function order(f, done) {
  return async (e) => {
    const button = e?.currentTarget instanceof HTMLButtonElement ? e.currentTarget : e?.submitter;
    e?.preventDefault?.();
    if (button) button.disabled = true;
    try {
      const answer = await f(e);
      if (done && answer !== false) toast(done);
    } catch (err) {
      toast(err.message, true);
    } finally {
      if (button) button.disabled = false;
    }
  };
}

// What happens ---------------------------------------------------------------
const listeners = new Map(); // name → functions; '*' hears everything
export function on(name, f) {
  if (!listeners.has(name)) listeners.set(name, new Set());
  listeners.get(name).add(f);
  return () => listeners.get(name).delete(f);
}
const names = ['token-refreshed', 'auth-failed', 'sip-connecting', 'sip-registered', 'sip-unregistered', 'registration-failed', 'transport-error', 'incoming-call', 'call-started', 'call-ringing',
  'call-answered', 'call-ended', 'call-failed', 'state-change', 'sip-call-mute', 'sip-call-hold', 'remote-hold', 'dtmf-sent', 'recording', 'call-transferred', 'transfer-failed', 'call-parked',
  'call-park-failed', 'park-slots-updated', 'history-updated', 'quality', 'devices-changed', 'microphone-changed', 'speaker-changed', 'mwi', 'hook', 'path-changed', 'call-swapped',
  'transfer-started', 'transfer-consult', 'park-conflict', 'park-retrieved', 'dialer-error', 'widget-opened', 'widget-closed', 'problems-changed', 'update', 'config-changed'];
export function follow(state) {
  const source = new EventSource('../api/v1/events');
  source.onopen = () => state('live');
  source.onerror = () => {
    state('lost');
    if (source.readyState === EventSource.CLOSED) setTimeout(() => follow(state), 3000);
  };
  for (const name of names) {
    source.addEventListener(name, (e) => {
      const detail = JSON.parse(e.data);
      for (const f of [...listeners.get(name) ?? [], ...listeners.get('*') ?? []]) f(detail, name);
    });
  }
  return () => source.close();
}

// stream follows another of the phone's event streams for as long as signal lets it.
export function stream(path, handlers, signal) {
  let source;
  const open = () => {
    source = new EventSource(`../api/v1/${path}`);
    for (const [name, f] of Object.entries(handlers)) source.addEventListener(name, (e) => f(JSON.parse(e.data)));
    source.onerror = () => { if (source.readyState === EventSource.CLOSED && !signal.aborted) setTimeout(open, 3000); };
  };
  open();
  signal.addEventListener('abort', () => source.close());
}
