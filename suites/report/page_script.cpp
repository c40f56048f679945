// What a page can do where scripts may run: read values off a plot, by mouse, finger or arrow keys, and look closer at
// a stretch of the run. Nothing on the page needs it. It reads the tables beside the plots, and writes text only.
#include "suites/report/html.hpp"

namespace squall::report {

std::string_view page_script() {
    return R"js(
'use strict';
(() => {
const whole = document.getElementById('whole');
const plots = [...document.querySelectorAll('figure.plot:not(.still)')].map(figure => {
  const svg = figure.querySelector('.chart-in');
  const table = figure.querySelector('table');
  const rows = table ? [...table.tBodies[0].rows].map(row => [...row.cells].map(cell => cell.textContent)) : [];
  const names = table ? [...table.tHead.rows[0].cells].map(cell => cell.textContent) : [];
  return {figure, svg, rows, names, end: Number(svg.dataset.end), at: -1};
});
let from = 0, to = 1;  // the stretch that is shown, as shares of the run

const make = (name, attributes, parent) => {
  const node = document.createElementNS('http://www.w3.org/2000/svg', name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  return parent.appendChild(node);
};
const place = share => (share - from) / (to - from);
const seconds = value => Number(value.toPrecision(6)) + ' s';

function hide(plot) {
  plot.at = -1;
  plot.figure.querySelector('.reading')?.remove();
  plot.svg.querySelector('.hair')?.remove();
}
function read(plot, index) {
  for (const other of plots) hide(other);
  if (!plot.rows.length) return;
  plot.at = Math.max(0, Math.min(plot.rows.length - 1, index));
  const row = plot.rows[plot.at];
  const x = place(Number(row[0]) / plot.end);
  if (x < 0 || x > 1) return;
  make('line', {class: 'hair', x1: x * 100 + '%', x2: x * 100 + '%', y1: 18, y2: 168}, plot.svg);
  const box = document.createElement('div');
  box.className = 'reading';
  box.setAttribute('role', 'status');
  const lines = ['from ' + row[0] + ' s'];
  for (let n = 1; n < row.length; ++n) if (row[n]) lines.push(plot.names[n] + ': ' + row[n]);
  for (const line of lines) box.appendChild(document.createElement('div')).textContent = line;
  plot.figure.appendChild(box);
  const frame = plot.figure.getBoundingClientRect(), chart = plot.svg.getBoundingClientRect();
  const left = chart.left - frame.left + x * chart.width;
  const room = left + box.offsetWidth + 14 < frame.width;
  box.style.left = Math.max(0, room ? left + 10 : left - box.offsetWidth - 10) + 'px';
  box.style.top = chart.top - frame.top + 24 + 'px';
}
function nearest(plot, share) {
  let best = 0;
  plot.rows.forEach((row, n) => {
    const off = other => Math.abs(Number(other[0]) / plot.end - share);
    if (off(row) < off(plot.rows[best])) best = n;
  });
  return best;
}

const kept = new WeakMap();  // attributes as they were written
function moved(node) {
  if (!kept.has(node)) {
    const own = {};
    for (const name of ['x', 'x1', 'x2', 'width'])
      if (/%$/.test(node.getAttribute(name) ?? '')) own[name] = parseFloat(node.getAttribute(name)) / 100;
    kept.set(node, own);
  }
  for (const [name, share] of Object.entries(kept.get(node)))
    node.setAttribute(name, 100 * (name === 'width' ? share / (to - from) : place(share)) + '%');
}
function show(a, b) {
  from = a;
  to = b;
  whole.hidden = a === 0 && b === 1;
  for (const plot of plots) {
    hide(plot);
    plot.svg.querySelector('.lines')?.setAttribute('viewBox', `${1000 * a} 0 ${1000 * (b - a)} 150`);
    plot.svg.querySelectorAll('.timed *').forEach(moved);
    plot.svg.querySelectorAll('.extra').forEach(tick => tick.remove());
    const ticks = [...plot.svg.querySelectorAll('.when')];
    for (const tick of ticks) tick.style.display = whole.hidden ? '' : 'none';
    if (whole.hidden || !ticks.length) continue;
    const rough = (b - a) * plot.end / 5, power = 10 ** Math.floor(Math.log10(rough));
    const step = power * [1, 2, 5, 10].find(factor => factor * power >= rough);
    for (let n = Math.ceil(a * plot.end / step); n * step <= b * plot.end; ++n)
      make('text', {class: 'extra', x: 100 * place(n * step / plot.end) + '%', y: ticks[0].getAttribute('y'),
        'text-anchor': 'middle'}, plot.svg).textContent = seconds(n * step);
  }
}

for (const plot of plots) {
  const {figure, svg} = plot;
  const share = event => {
    const box = svg.getBoundingClientRect();
    return Math.max(0, Math.min(1, (event.clientX - box.left) / box.width));
  };
  let start = null, pick = null;
  svg.style.touchAction = 'pan-y';
  svg.addEventListener('pointermove', event => {
    const x = share(event);
    if (start === null) return read(plot, nearest(plot, from + x * (to - from)));
    pick ??= make('rect', {class: 'pick', y: 18, height: 150}, svg);
    pick.setAttribute('x', 100 * Math.min(x, start) + '%');
    pick.setAttribute('width', 100 * Math.abs(x - start) + '%');
  });
  svg.addEventListener('pointerdown', event => {
    if (event.pointerType !== 'mouse' || event.button !== 0) return;
    event.preventDefault();
    svg.setPointerCapture(event.pointerId);
    start = share(event);
  });
  svg.addEventListener('pointerup', event => {
    const ends = [start ?? 0, share(event)].sort((a, b) => a - b).map(x => from + x * (to - from));
    pick?.remove();
    if (pick && ends[1] - ends[0] > 1e-4) show(ends[0], ends[1]);
    start = pick = null;
  });
  svg.addEventListener('pointercancel', () => { pick?.remove(); start = pick = null; });
  svg.addEventListener('pointerleave', () => hide(plot));
  if (!plot.rows.length) continue;
  figure.tabIndex = 0;
  figure.addEventListener('blur', () => hide(plot));
  figure.addEventListener('keydown', event => {
    const step = {ArrowLeft: -1, ArrowRight: 1}[event.key];
    if (event.target !== figure || !step && event.key !== 'Escape') return;
    event.preventDefault();
    if (step) read(plot, plot.at + step); else { hide(plot); show(0, 1); }
  });
}
if (whole) {
  whole.addEventListener('click', () => show(0, 1));
  whole.closest('.tools').hidden = false;
}
})();
)js";
}

std::string_view script_hash() {
    return "i29VAOghxEkqUAx4e2Lkg72Oxw9AwwJ7rvNtY1wfdhg=";
}

}  // namespace squall::report
