// The phone's own sign-in page. The code comes in the fragment, which no browser sends; it is
// taken out of the address at once. The password goes to the phone in one request and stays nowhere.
'use strict';
const words = JSON.parse(document.body.dataset.words);
const $ = (id) => document.getElementById(id);
const form = $('form'), send = $('send'), status = $('status');

if (/^#[A-Za-z-]{4,12}$/.test(location.hash)) {
  $('code').value = location.hash.slice(1).toUpperCase();
  history.replaceState(null, '', location.pathname);
}

// A new code in the same tab is a new beginning.
addEventListener('hashchange', () => location.reload());

const say = (key, kind) => {
  status.textContent = words[key] || words.failed;
  status.className = kind;
};
const over = ['expired', 'used', 'tries', 'closed']; // nothing more can be done on this page

form.addEventListener('submit', async (event) => {
  event.preventDefault();
  const empty = ['email', 'password', 'code'].find((id) => !$(id).value.trim());
  if (empty) {
    say('empty', 'bad');
    $(empty).focus();
    return;
  }
  send.disabled = true;
  say('wait', '');
  let why = 'gone';
  try {
    const answer = await fetch('/enrol', {
      method: 'POST', headers: { 'Content-Type': 'application/json' }, cache: 'no-store', credentials: 'omit', referrerPolicy: 'no-referrer',
      body: JSON.stringify({ code: $('code').value, email: $('email').value, password: $('password').value }),
    });
    why = answer.status === 204 ? '' : (await answer.json()).why;
  } catch {
    // The phone does not answer, or not as it should.
  }
  if (!why || over.includes(why)) {
    $('password').value = '';
    form.hidden = true;
    say(why || 'done', why ? 'bad' : 'good');
    return;
  }
  send.disabled = false;
  say(why, 'bad');
  if (why === 'password') $('password').focus();
  if (why === 'code') $('code').focus();
});
