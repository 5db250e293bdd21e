// The sound: levels, devices of each path, tests with what the microphone heard.
import { h, t, card, field, facts, number, save } from '../dom.js';
import { get, put, post, call, order, stream, on, has } from '../api.js';
import { wave } from '../chart.js';
import { place } from './overview.js';

const names = { handset: 'Handset', headset: 'Headset', speaker: 'Loudspeaker', ringer: 'Ringer' };
const points = { microphone: 'Microphone, as it is', send: 'What we send', receive: 'What we receive', speaker: 'What the loudspeaker plays', conversation: 'The whole conversation' };

function meter(label) {
  const bar = h('i', {});
  const element = h('div', {}, h('h3', {}, label), h('div', { class: 'meter', role: 'meter', 'aria-label': label, 'aria-valuemin': 0, 'aria-valuemax': 100, 'aria-valuenow': 0 }, bar));
  return { element, set(v) { bar.style.clipPath = `inset(0 ${100 - 100 * Math.min(1, v)}% 0 0)`; element.lastChild.setAttribute('aria-valuenow', Math.round(100 * v)); } };
}

function devices(list, kind, chosen, change, label) {
  const s = h('select', { 'aria-label': label, onchange: (e) => change(e.target.value) },
    h('option', { value: '' }, t('the board\'s')), list.filter((d) => d.kind === kind).map((d) => h('option', { value: d.deviceId }, d.label || d.deviceId)));
  if (chosen && ![...s.options].some((o) => o.value === chosen)) s.append(h('option', { value: chosen }, t('{id} (not plugged in)', { id: chosen })));
  s.value = chosen ?? '';
  return s;
}

async function paths() {
  const [{ devices: list }, { paths: all }] = await Promise.all([get('audio/devices'), get('audio/paths')]);
  const change = (p, what) => order(() => put(`audio/paths/${p.path}`, what), t('Kept.'))();
  return h('div', { class: 'scroll' }, h('table', { class: 'stacking' },
    h('thead', {}, h('tr', {}, ['Path', 'Microphone', 'Loudspeaker', 'Volume'].map((x) => h('th', { scope: 'col' }, t(x))))),
    h('tbody', {}, all.map((p) => h('tr', {}, h('td', { 'data-label': t('Path') }, h('b', {}, t(names[p.path])), p.inUse ? h('span', { class: 'go small' }, ` · ${t('in use')}`) : ''),
      h('td', { 'data-label': t('Microphone') }, p.path === 'ringer' ? '' : devices(list, 'audioinput', p.microphone, (v) => change(p, { microphone: v }), `${t(names[p.path])}: ${t('Microphone')}`)),
      h('td', { 'data-label': t('Loudspeaker') }, devices(list, 'audiooutput', p.speaker, (v) => change(p, { speaker: v }), `${t(names[p.path])}: ${t('Loudspeaker')}`)),
      h('td', { 'data-label': t('Volume') }, h('input', { type: 'range', min: 0, max: 100, step: 5, value: p.volume, 'aria-label': `${t(names[p.path])}: ${t('Volume')}`, onchange: (e) => change(p, { volume: Number(e.target.value) }) })))))));
}

function toneTest() {
  const path = h('select', {}, ['handset', 'headset', 'speaker'].map((p) => h('option', { value: p }, t(names[p]))));
  const hz = h('input', { type: 'number', min: 50, max: 16000, value: 1000 });
  const result = h('div', { role: 'status', class: 'stack' });
  return h('form', { class: 'stack', onsubmit: order(async () => {
    const r = await post('tests/tone', { path: path.value, hz: Number(hz.value), seconds: 1 });
    result.replaceChildren(h('p', { class: r.heard ? 'go' : 'stop' }, r.heard ? t('The microphone hears the tone.') : t('The microphone does not hear the tone: look at the plugs, the mixer and the volume.')),
      wave(t('What the microphone heard'), r.peaks), facts([[t('Tone'), `${number(r.tone, 1)} dBFS`], [t('All sound'), `${number(r.microphone, 1)} dBFS`]]));
  }) }, h('p', { class: 'muted' }, t('Plays a tone on a path and listens with the same path\'s microphone. It can be heard in the room.')),
  h('div', { class: 'form' }, field(t('Path'), path), field(t('Frequency (Hz)'), hz), h('div', {}, h('button', { class: 'primary' }, t('Play and listen')))), result);
}

function echoTest() {
  const to = h('input', { inputmode: 'tel', value: '9196', autocomplete: 'off', required: true });
  const result = h('div', { role: 'status', class: 'stack' });
  return h('form', { class: 'stack', onsubmit: order(async () => {
    result.replaceChildren(h('p', {}, t('The phone calls and listens for five seconds: speak at the phone now.')));
    let r;
    try { r = await post('tests/echo', { number: to.value, seconds: 5 }); } catch (e) { result.replaceChildren(); throw e; }
    if (!r.answered) { result.replaceChildren(h('p', { class: 'stop' }, t('Nobody answered.'), ` ${r.cause ?? ''}`)); return; }
    result.replaceChildren(h('p', { class: r.heard ? 'go' : 'stop' }, r.heard ? t('What was said came back.') : r.sent < -60 ? t('Nothing was said: the test proves nothing. Speak while it runs.') : t('What was said did not come back.')),
      wave(t('What we send'), r.sentPeaks), wave(t('What we receive'), r.receivedPeaks),
      facts([[t('Delay'), r.heard && t('{n} ms', { n: number(r.delay) })], [t('What we send'), `${number(r.sent, 1)} dBFS`], [t('What we receive'), `${number(r.received, 1)} dBFS`]]));
  }) }, h('p', { class: 'muted' }, t('Calls a number that gives back what is said, and compares what goes out with what comes back.')),
  h('div', { class: 'form' }, field(t('Number of the echo test'), to), h('div', {}, h('button', {}, t('Call and listen')))), result);
}

function taps() {
  const point = h('select', {}, Object.entries(points).map(([k, v]) => h('option', { value: k }, t(v))));
  const seconds = h('input', { type: 'number', min: 1, max: 60, value: 10 });
  return h('form', { class: 'stack', onsubmit: order(async () => {
    const r = await call('GET', `audio/taps/${point.value}?seconds=${seconds.value}`, undefined, { raw: true });
    save(`${point.value}.wav`, 'audio/wav', await r.blob());
  }) }, h('p', { class: 'muted' }, t('Records a point of the sound as a WAV file. The phone shows that it is recorded; tell the person at the phone.')),
  h('div', { class: 'form' }, field(t('Point'), point), field(t('Seconds'), seconds), h('div', {}, h('button', {}, t('Record')))));
}

export async function render({ signal }) {
  const mic = meter(t('Microphone')), speaker = meter(t('Loudspeaker'));
  stream('screen/stream', { levels: (l) => { mic.set(l.mic); speaker.set(l.speaker); } }, signal);
  const list = h('div', {}), counters = h('div', {});
  const load = async () => { if (has('GET audio/paths')) list.replaceChildren(await paths()); };
  signal.addEventListener('abort', on('devices-changed', () => { load().catch(() => {}); }));
  await load();
  if (has('GET quality')) {
    const { sound } = await get('quality');
    counters.append(facts(Object.entries(sound).filter(([, v]) => typeof v === 'number').map(([k, v]) => [k.replace(/([A-Z])/g, ' $1').toLowerCase(), number(v)])));
  }
  return h('div', { class: 'grid' }, place('half', card(t('Levels'), h('div', { class: 'stack' }, mic.element, speaker.element))), has('POST tests/echo') && place('half', card(t('Echo test'), echoTest())),
    has('GET audio/paths') && card(t('Devices'), list),
    has('POST tests/tone') && place('half', card(t('Tone test'), toneTest())), has('GET audio/taps/{point}') && place('half', card(t('Listen to a point'), taps())),
    counters.firstChild?.firstChild && card(t('Counters'), counters));
}
