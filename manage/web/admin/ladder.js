// A SIP ladder: the phone at the left, its exchange at the right, a message a row;
// choosing one shows its text.
import { h, s, t, clock } from './dom.js';

const row = 30, left = 150, right = 510;

// ladder draws messages {at, sent, summary, status, again, text}; pick is called with one.
export function ladder(messages, pick) {
  const height = messages.length * row + 36;
  const start = messages.length ? new Date(messages[0].at) : 0;
  return s('svg', { class: 'ladder', viewBox: `0 0 640 ${height}`, width: 640, height, role: 'group', 'aria-label': t('Signalling') },
    s('text', { x: left, y: 14, 'text-anchor': 'middle' }, t('Phone')), s('text', { x: right, y: 14, 'text-anchor': 'middle' }, t('Exchange')),
    s('line', { x1: left, x2: left, y1: 22, y2: height }), s('line', { x1: right, x2: right, y1: 22, y2: height }),
    messages.map((m, i) => {
      const y = 46 + i * row, [from, to] = m.sent ? [left, right] : [right, left], tip = to > from ? -7 : 7;
      const choose = () => pick(m);
      return s('g', { tabindex: 0, role: 'button', onclick: choose, onkeydown: (e) => { if (e.key === 'Enter' || e.key === ' ') { e.preventDefault(); choose(); } } },
        s('rect', { x: 0, y: y - 20, width: 640, height: row, fill: 'transparent' }),
        s('text', { class: 'm', x: 0, y: y + 2 }, `+${((new Date(m.at) - start) / 1000).toFixed(3)} s`),
        s('text', { x: (left + right) / 2, y: y - 5, 'text-anchor': 'middle' }, (m.sent ? '→ ' : '← ') + (m.summary.length > 48 ? `${m.summary.slice(0, 47)}…` : m.summary) + (m.again ? ` (${t('again')})` : '')),
        s('path', { class: `arrow ${m.status >= 400 ? 'bad' : ''}`, fill: 'none', d: `M${from} ${y}H${to}M${to + tip} ${y - 4}L${to} ${y}L${to + tip} ${y + 4}` }),
        s('text', { class: 'm', x: right + 18, y: y + 2 }, clock(m.at)));
    }));
}

// reader is a ladder beside the text of the chosen message.
export function reader(messages) {
  const text = h('pre', { class: 'mono wrap log', tabindex: 0, 'aria-label': t('Text of the message') }, t('Choose a message to read it. Passwords and digits are taken out.'));
  return h('div', { class: 'stack' }, h('div', { class: 'scroll' }, ladder(messages, (m) => { text.textContent = m.text; })), text);
}
