// Writes to the real xterm.js what each line of the input says, and prints what state that leaves it in.
//
//   node xterm.cjs PATH_OF_XTERM_HEADLESS

const { Terminal } = require(process.argv[2]);

const COLOR_MODE = 0x3000000;
const PALETTE = 0x2000000;
const SCROLLBACK = 1000;

function color(value) {
  const mode = value & COLOR_MODE;
  return mode | (mode === COLOR_MODE ? value & 0xffffff : mode ? value & 0xff : 0);
}

function style(core, cell) {
  const foreground = (cell.fg & ~0x3ffffff) | color(cell.fg);
  const background = (cell.bg & ~0x3ffffff & ~0x10000000) | color(cell.bg);
  const extended = cell.bg & 0x10000000 ? cell.extended : null;
  const link = extended && extended.urlId ? core.links[extended.urlId] : '';
  // The style of a linked cell's underline is always the link's.
  const underline = cell.fg & 0x10000000 ? (extended ? (extended._ext >> 26) & 7 : 1) : 0;
  const underlineColor = underline ? color(extended ? extended.underlineColor : 0) : 0;
  const flags = underline ? foreground : foreground & ~0x10000000;
  return [flags >>> 0, background >>> 0, underline, underlineColor >>> 0, link].join(' ');
}

function rows(core, buffer) {
  const shown = [];
  const cell = core._inputHandler._workCell;
  for (let y = 0; y < core.rows; y++) {
    const line = buffer.lines.get(buffer.ybase + y);
    const runs = [];
    for (let x = 0; x < core.cols; x++) {
      line.loadCell(x, cell);
      const drawn = style(core, cell);
      const tail = cell.getWidth() === 0 && !cell.getChars() && x && line.getWidth(x - 1) === 2;
      const text = tail ? '' : cell.getChars() || ' ';
      if (runs.length && runs[runs.length - 1][1] === drawn) {
        runs[runs.length - 1][0] += text;
      } else {
        runs.push([text, drawn]);
      }
    }
    shown.push([line.isWrapped, ...runs]);
  }
  return shown;
}

function saved(core, buffer) {
  const pen = buffer.savedCurAttrData;
  const y = Math.max(buffer.savedY - buffer.ybase, 0);
  return [Math.min(buffer.savedX, core.cols - 1), Math.min(y, core.rows - 1), style(core, { ...pen, extended: null, bg: pen.bg & ~0x10000000, fg: pen.fg & ~0x10000000 }), replaced(buffer.savedCharset)];
}

function replaced(charset) {
  return charset ? Object.entries(charset).flat().join('') : '';
}

function scrolled(buffer) {
  return Array.from({ length: buffer.ybase }, (_, y) => buffer.lines.get(y).translateToString(true));
}

function state(term) {
  const core = term._core;
  const { normal, alt, active } = core._bufferService.buffers;
  const modes = { ...core.coreService.decPrivateModes, ...core.coreService.modes };
  const { cursorStyle, cursorBlink, convertEol } = core.optionsService.rawOptions;
  const state = {
    main: rows(core, normal),
    alternate: active === alt ? rows(core, alt) : null,
    cursor: [Math.min(active.x, core.cols), active.y],
    saved: [saved(core, normal), active === alt ? saved(core, alt) : null],
    region: [active.scrollTop, active.scrollBottom],
    main_region: [normal.scrollTop, normal.scrollBottom],
    tabs: Object.keys(active.tabs).map(Number).filter(stop => stop < core.cols && active.tabs[stop]),
    pen: style(core, core._inputHandler._curAttrData),
    charset: replaced(core._charsetService.charset),
    level: core._charsetService.glevel,
    modes,
    mouse: [core.coreMouseService.activeProtocol, core.coreMouseService.activeEncoding],
    hidden: core.coreService.isCursorHidden,
    look: [cursorStyle, cursorBlink, convertEol],
    title: core._inputHandler._windowTitle
  };
  return { state, scrolled: scrolled(normal) };
}

function run({ rows, columns, steps }) {
  const term = new Terminal({ rows, cols: columns, scrollback: SCROLLBACK, allowProposedApi: true, logLevel: 'off' });
  // xterm.js forgets a link once the lines that showed it are gone, and what is linked later too.
  const core = term._core;
  const register = core._oscLinkService.registerLink.bind(core._oscLinkService);
  core.links = {};
  core._oscLinkService.registerLink = link => {
    const id = register(link);
    core.links[id] = link.uri;
    return id;
  };
  for (const step of steps) {
    if (typeof step === 'string') {
      core.writeSync(step);
    } else {
      term.resize(step[1], step[0]);
    }
  }
  const result = state(term);
  term.dispose();
  return result;
}

require('readline')
  .createInterface({ input: process.stdin })
  .on('line', line => console.log(JSON.stringify(run(JSON.parse(line)))));
