// The way in: first access, signing in, and who is signed in.
import { h, t, field, toast, ask, speak } from '../dom.js';
import { get, post, order, Problem } from '../api.js';

const password = (name, auto) => h('input', { type: 'password', name, autocomplete: auto, required: true, minlength: auto === 'new-password' ? 10 : null });

// render is the page that stands where nobody is signed in; done is called when somebody is.
export async function render({ done }) {
  await speak(navigator.language ?? 'en').catch(() => {});
  let me;
  try {
    me = await get('access/me', { quiet: true });
  } catch (err) {
    return h('div', { class: 'card gate' }, h('p', {}, err.message));
  }
  return me.firstAccess ? first(done) : signIn(done);
}

function gate(title, lead, form) {
  return h('div', { class: 'card gate stack' }, h('h1', {}, title), h('p', { class: 'muted' }, lead), form);
}

function signIn(done) {
  const name = h('input', { name: 'name', autocomplete: 'username', required: true, autofocus: true }), pass = password('password', 'current-password');
  const error = h('p', { class: 'error', role: 'alert' });
  return gate(t('Sign in'), t('Management of this phone.'), h('form', { class: 'stack', onsubmit: trying(error, async () => {
    await post('access/sign-in', { name: name.value, password: pass.value }, { quiet: true });
    done();
  }) }, field(t('Name'), name), field(t('Password'), pass), error, h('button', { class: 'primary' }, t('Sign in'))));
}

// trying runs a form and shows what it was refused with beside it.
function trying(error, f) {
  return async (e) => {
    e.preventDefault();
    error.textContent = '';
    const button = e.submitter;
    if (button) button.disabled = true;
    try {
      await f();
    } catch (err) {
      error.textContent = err.message;
    } finally {
      if (button) button.disabled = false;
    }
  };
}

function first(done) {
  const slot = h('div', { class: 'stack' }), error = h('p', { class: 'error', role: 'alert' });
  const name = h('input', { name: 'name', autocomplete: 'username', required: true, value: 'admin' }), pass = password('password', 'new-password'), code = h('input', { class: 'code', name: 'code', inputmode: 'numeric', autocomplete: 'one-time-code', pattern: '[0-9 ]{8,9}', required: true, 'aria-label': t('Code on the phone') });
  let id = '';
  const enter = () => slot.replaceChildren(h('p', {}, t('The phone now shows a code of eight digits and the address of this computer. Enter it here, and choose a name and a password.')),
    h('form', { class: 'stack', onsubmit: trying(error, async () => {
      await post(`access/first/${id}`, { code: code.value.replaceAll(' ', ''), name: name.value, password: pass.value }, { quiet: true });
      done();
    }) }, field(t('Code on the phone'), code), field(t('Name'), name), field(t('Password'), pass, t('At least ten characters.')), error, h('button', { class: 'primary' }, t('Set up'))));
  slot.append(h('form', { class: 'stack', onsubmit: trying(error, async () => {
    ({ id } = await post('access/first', {}, { quiet: true }));
    enter();
    code.focus();
  }) }, error, h('button', { class: 'primary' }, t('Show a code on the phone'))));
  return gate(t('Set up the management'), t('Nobody manages this phone yet. There is no default password: whoever stands at the phone decides.'), slot);
}

// account is the corner that names who is signed in.
export function account(me, out) {
  if (me.by !== 'session') return h('span', { class: 'muted small' }, me.by === 'local' ? t('at this machine') : me.name);
  return h('span', { class: 'row' }, h('span', { class: 'muted small' }, `${me.name} · ${t(me.role)}`), h('button', { class: 'quiet', type: 'button', onclick: order(async () => { await post('access/sign-out'); out(); }) }, t('Sign out')));
}

// changePassword asks for the old one and a new one.
export const changePassword = order(async () => {
  const old = password('old', 'current-password'), fresh = password('new', 'new-password');
  if (!(await ask(t('Change the password'), h('div', { class: 'stack' }, field(t('Old password'), old), field(t('New password'), fresh, t('At least ten characters.'))), t('Change')))) return false;
  return post('access/password', { old: old.value, new: fresh.value });
}, t('The password is changed. Your other sessions have ended.'));
