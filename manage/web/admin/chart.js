// A small chart: one line over the last samples, its newest value beside its name.
import { h, s } from './dom.js';

const width = 240, height = 72;

// chart has a title, a unit's writer and a least height of its scale.
export function chart(title, write, least) {
  const area = s('path', { class: 'area' }), line = s('path', { class: 'line' });
  const now = h('b', {}, '–');
  const picture = s('svg', { class: 'chart', viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: 'none', role: 'img', 'aria-label': title }, area, line);
  const element = h('div', {}, h('h3', {}, title, now), picture);
  return {
    element,
    // draw shows values, oldest first; room is how many fit.
    draw(values, room) {
      if (!values.length) return;
      const top = Math.max(least, ...values) * 1.1;
      const x = (i) => width - (values.length - 1 - i) * (width / (room - 1));
      const y = (v) => height - 2 - (height - 4) * Math.min(1, v / top);
      const points = values.map((v, i) => `${x(i).toFixed(1)} ${y(v).toFixed(1)}`);
      line.setAttribute('d', `M${points.join('L')}`);
      area.setAttribute('d', `M${x(0).toFixed(1)} ${height}L${points.join('L')}L${width} ${height}Z`);
      now.textContent = write(values.at(-1));
      picture.setAttribute('aria-label', `${title}: ${now.textContent}`);
    },
  };
}

// wave draws peaks of 0 to 100 as a waveform.
export function wave(title, peaks) {
  const n = Math.max(1, peaks.length);
  return s('svg', { class: 'chart', viewBox: `0 0 ${n} 100`, preserveAspectRatio: 'none', role: 'img', 'aria-label': title },
    s('path', { class: 'line', d: peaks.map((p, i) => `M${i + 0.5} ${50 - p / 2}V${50 + p / 2 + 0.5}`).join('') }));
}
