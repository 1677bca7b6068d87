// What the pages of the notebook library are made of. anywidget takes one text for each: this one stands before theirs.

const BUSY_MS = 2000;
const ICONS = {
  running: '<circle cx="8" cy="8" r="5.5" stroke-dasharray="24 11"/>',
  done: '<circle cx="8" cy="8" r="6"/><path d="m5 8.2 2.1 2.1L11 6.2"/>',
  failed: '<circle cx="8" cy="8" r="6"/><path d="m5.8 5.8 4.4 4.4m0-4.4-4.4 4.4"/>',
  asks: '<path d="M2.5 2.5h11v8h-6l-2.5 3v-3H2.5zM8 4.5v3M8 8.6v.6"/>',
  waiting: '<circle cx="8" cy="8" r="6" stroke-dasharray="2 2"/><path d="M8 4.8V8l2 1.4"/>',
  ended: '<circle cx="8" cy="8" r="6"/><path d="M5.5 8h5"/>'
};

/** What a person asks the kernel for. */
class Requests {
  /** `changed` is called where there is something else to say of them. */
  constructor(model, changed) {
    this.model = model;
    this.changed = changed;
    this.waiting = new Map();
    this.notice = '';
  }

  /** Ask the kernel for something; resolves with what is wrong, or ''. */
  ask(what) {
    const ask = `${Date.now()}-${Math.random()}`;
    return new Promise(resolve => {
      const busy = setTimeout(() => {
        this.say('The kernel does not answer: this waits until it has run the cell, or it is gone.');
      }, BUSY_MS);
      this.waiting.set(ask, error => {
        clearTimeout(busy);
        this.waiting.delete(ask);
        this.say(error);
        resolve(error);
      });
      this.model.send({ ...what, ask });
    });
  }

  /** Take what the kernel says of some. */
  answered(done) {
    for (const [ask, error] of Object.entries(done)) {
      this.waiting.get(ask)?.(error);
    }
  }

  say(notice) {
    this.notice = notice;
    this.changed();
  }
}

/** A card's lines for a kernel that is not there, which its style sheet shows. */
function absences() {
  return [
    make('div', 'ah-lost', ['The kernel is gone, and this is no longer live: run the cell again.']),
    make('div', 'ah-away', ['The kernel does not answer now: what is shown may be old.'])
  ];
}

function press(text, act) {
  const button = make('button', 'ah-button', [text]);
  button.type = 'button';
  button.addEventListener('click', () => void act());
  return button;
}

function make(tag, className = '', children = []) {
  const node = document.createElement(tag);
  node.className = className;
  node.append(...children);
  return node;
}

/** Set the text of a node; whether it was another one. */
function set(node, text) {
  const isNew = node.textContent !== text;
  if (isNew) {
    node.textContent = text;
  }
  return isNew;
}

/** Say to a screen reader what a node is. */
function label(node, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    if (node.getAttribute(name) !== value) {
      node.setAttribute(name, value);
    }
  }
}

function icon(mark) {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  svg.setAttribute('viewBox', '0 0 16 16');
  svg.setAttribute('aria-hidden', 'true');
  redraw(svg, mark);
  return svg;
}

function redraw(svg, mark) {
  if (svg.dataset.mark !== mark) {
    svg.setAttribute('class', `ah-icon ah-${mark}`);
    svg.dataset.mark = mark;
    svg.innerHTML = ICONS[mark] ?? ICONS.ended;
  }
}

/** In JupyterLab the terminal opens beside the notebook; elsewhere in a Lab of its own. */
function linkTo(link, { chat, link: address }) {
  if (link.href === address) {
    return;
  }
  link.href = address;
  link.target = '_blank';
  link.rel = 'noopener';
  if (document.querySelector('.jp-LabShell')) {
    link.dataset.commandlinkerCommand = 'agent-hub:open-chat';
    link.dataset.commandlinkerArgs = JSON.stringify({ chat });
  }
}

function duration(seconds) {
  if (seconds < 10) {
    return `${Math.max(0, seconds).toFixed(1)} s`;
  }
  if (seconds < 60) {
    return `${Math.floor(seconds)} s`;
  }
  const minutes = Math.floor(seconds / 60);
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** What anywidget asks for: the page's own `Store` of a model, and a `View` in each output. */
export default () => {
  let store;
  return {
    initialize({ model }) {
      store = new Store(model);
    },
    render({ el }) {
      const view = new View(store, el);
      return () => view.close();
    }
  };
};
