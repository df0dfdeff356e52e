/* The first screen, panel for panel and row for row at 120x40, on blessed-contrib: what "one tick a second" is measured
 * against. Everything on it stands still but the price behind "acme", which is another every second; with it go its
 * sparkline, the chart and a line of the tape. NODE_PATH says where the module lies. */
'use strict';
const blessed = require('blessed');
const contrib = require('blessed-contrib');

const screen = blessed.screen({smartCSR: true, title: 'dashboard'});
const grid = new contrib.grid({rows: 40, cols: 120, screen});
const blocks = '▁▂▃▄▅▆▇█';

function table(y, x, rows, cols, label, columnWidth) {
    return grid.set(y, x, rows, cols, contrib.table,
        {label, columnWidth, columnSpacing: 1, interactive: false, fg: 'white'});
}

/* The newest eight of VALUES between their least and their most. */
function sparkline(values) {
    const last = values.slice(-8), low = Math.min(...last), high = Math.max(...last);
    return last.map(v => blocks[high > low ? Math.round((v - low) / (high - low) * 7) : 3]).join('');
}

const now = table(2, 0, 10, 120, ' Now ', [6, 32, 46, 6, 6, 9, 5]);
now.setData({
    headers: ['STATE', 'WHERE', 'WHAT', 'SINCE', 'ALERT', 'SOURCE', 'NEXT'],
    data: Array.from({length: 7}, (_, i) =>
        ['$ MOVE', 'RTX-4090 x2 vast/Montana ' + i, '0.300 -> 0.32' + i + ' $/GPU.h  +7.0%, 2 offers', i + 'h', '-', 'price', 'L see']),
});

const tokens = table(12, 72, 9, 48, ' Tokens ', [13, 8, 5, 5, 5, 5]);
tokens.setData({
    headers: ['MODEL', 'HOST', 'IN', 'OUT', 'CACHE', '30d'],
    data: Array.from({length: 6}, (_, i) => ['model-' + i, 'host-' + i, '1.2' + i, '6.8' + i, '0.13', '█▃▃▁']),
});

const capacity = table(21, 72, 13, 48, ' Capacity ', [10, 5, 5, 5, 5, 5]);
capacity.setData({
    headers: ['', 'H100S', 'H100P', 'H100N', 'H200S', 'H200'],
    data: Array.from({length: 9}, (_, i) => ['cloud-' + i, 'A', '-', '?', 'A 2rg', '-']),
});

const watchlist = table(12, 0, 12, 72, ' Watchlist ', [36, 6, 6, 8, 4, 5]);
const chart = grid.set(24, 0, 14, 72, contrib.line, {label: ' History ', showLegend: true, minY: 1});
const tape = grid.set(34, 72, 4, 48, contrib.log, {label: ' Tape ', fg: 'white'});

const days = Array.from({length: 30}, (_, i) => 'd' + i);
const series = ['a', 'b', 'c', 'd'].map((title, i) => ({title, x: days, y: days.map((_, k) => 2 + i + (k * (i + 3)) % 7 / 10)}));
let tick = 0;

function show() {
    const price = 2 + tick % 90 / 100, of = series[0].y;
    of.push(price);
    of.shift();
    watchlist.setData({
        headers: ['ITEM', 'NOW', '24h', '30d', 'ST', 'SEEN'],
        data: Array.from({length: 8}, (_, i) => i === 0 ? ['H100-SXM x8 od acme/eu-1', price.toFixed(2), '+1.0%', sparkline(of), 'A', '0s']
            : ['H200 spot place-' + i, '1.4' + i, '0.0%', '██▅▅▅▄▄▁', 'A', '0s']),
    });
    chart.setData(series);
    tape.log('$ H100-SXM od acme/eu-1 ' + price.toFixed(2));
    screen.render();
    tick++;
}

screen.key(['q', 'C-c'], () => process.exit(0));
show();
setInterval(show, 1000);
