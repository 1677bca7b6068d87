// The page's side of a chat's card. The kernel decides what is shown (card_view.py); here it gets its place. What any
// page is made of stands before it (page.js).
// All that an agent says comes as text and is set as text, but for `body` of a message, which is HTML that the kernel
// made of its Markdown (markdown.py).

const ASK_AGAIN_MS = 3000;
const LONG_PROMPT = { characters: 400, lines: 4 };
const RICH = ['message', 'reasoning'];

/** What the kernel has told, and what a person has begun: views come and go. */
class Store {
  constructor(model) {
    this.model = model;
    this.views = new Set();
    this.draft = '';
    this.focused = false;
    this.open = new Map();
    this.requests = new Requests(model, () => this.draw());
    this.asked = -Infinity;
    this.reset(model.get('state'));
    model.on('msg:custom', message => this.take(message));
    // Told when something has come to an end: all of it, also what was told before this page listened.
    model.on('change:state', () => this.take({ ...model.get('state'), all: true }));
  }

  reset(state) {
    this.sequence = state.sequence;
    this.head = state.head;
    this.turns = new Map(state.turns.map(turn => [turn.number, turn]));
    this.items = new Map(state.items.map(item => [`${item.turn}/${item.item}`, item]));
    this.artifacts = state.artifacts;
  }

  take(message) {
    if (message.all && message.sequence > this.sequence) {
      this.reset(message);
    } else if (message.sequence !== this.sequence + 1) {
      // Told before this page listened, or dropped on the way by a server that limits what a kernel may say.
      // What answers that may be dropped as well.
      if (message.sequence > this.sequence && performance.now() - this.asked > ASK_AGAIN_MS) {
        this.asked = performance.now();
        this.model.send({ do: 'all' });
      }
      return;
    } else {
      this.sequence = message.sequence;
      this.apply(message);
    }
    this.asked = -Infinity;
    this.draw();
  }

  draw() {
    for (const view of this.views) {
      view.draw();
    }
  }

  apply({ head, turns = [], items = [], artifacts, first, done = {} }) {
    this.head = head ?? this.head;
    this.artifacts = artifacts ?? this.artifacts;
    for (const turn of turns) {
      this.turns.set(turn.number, turn);
    }
    for (const item of items) {
      const key = `${item.turn}/${item.item}`;
      const before = this.items.get(key)?.body ?? '';
      this.items.set(key, { ...item, body: before.slice(0, item.keep) + item.body });
    }
    for (const number of [...this.turns.keys()].filter(number => number < first)) {
      this.turns.delete(number);
    }
    for (const [key, item] of this.items) {
      if (item.turn < first) {
        this.items.delete(key);
      }
    }
    this.requests.answered(done);
  }
}

class View {
  constructor(store, el) {
    this.store = store;
    this.el = el;
    el.classList.add('agent-hub-card');
    const mark = icon('ended');
    const header = make('div', 'ah-header', [
      (this.name = make('strong', 'ah-name')),
      (this.about = make('span', 'ah-quiet')),
      make('span', 'ah-state', [(this.mark = mark), (this.word = make('span'))]),
      (this.time = make('span', 'ah-quiet ah-time')),
      make('span', 'ah-buttons', [
        (this.link = make('a', 'ah-button', ['Open terminal'])),
        (this.interrupt = press('Interrupt', () => store.requests.ask({ do: 'interrupt' }))),
        (this.stop = press('Stop', () => this.confirm())),
        (this.start = press('Resume', () => store.requests.ask({ do: 'start' })))
      ])
    ]);
    label(el, { role: 'group' });
    label(this.word, { role: 'status' });
    this.sure = make('div', 'ah-ask', [
      make('span', '', ['Stop this chat? Its workspace and its conversation stay, and it can be resumed.']),
      press('Stop it', () => this.stopNow()),
      press('Cancel', () => this.confirm(false))
    ]);
    this.note = make('div', 'ah-note');
    label(this.note, { role: 'status' });
    this.older = make('div', 'ah-quiet ah-older');
    this.turns = make('div', 'ah-turns', [this.older]);
    // Word for word, as an agent speaks, it would be too much to be read out.
    label(this.turns, { role: 'log', 'aria-live': 'off', 'aria-label': 'Conversation' });
    this.turns.tabIndex = 0;
    this.artifacts = make('div', 'ah-artifacts');
    this.prompt = make('textarea', 'ah-prompt');
    this.prompt.rows = 1;
    this.prompt.dataset.lmSuppressShortcuts = 'true';
    this.prompt.value = store.draft;
    this.prompt.addEventListener('input', () => (store.draft = this.prompt.value));
    this.prompt.addEventListener('keydown', event => {
      event.stopPropagation();
      if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) {
        event.preventDefault();
        void this.send();
      }
    });
    this.submit = press('Send', () => this.send());
    this.form = make('div', 'ah-form', [this.prompt, this.submit]);
    this.followed = true;
    this.turns.addEventListener('scroll', () => {
      const { scrollHeight, scrollTop, clientHeight } = this.turns;
      this.followed = scrollHeight - scrollTop - clientHeight < 24;
    });
    el.append(header, ...absences(), this.sure, this.note, make('div', 'ah-body', [this.turns, this.artifacts]), this.form);
    this.shown = new Map();
    this.sure.hidden = true;
    store.views.add(this);
    // Of many cards few are in view: the others are drawn when they come into it.
    this.inView = true;
    this.watcher = new IntersectionObserver(entries => {
      this.inView = entries[entries.length - 1].isIntersecting;
      if (this.inView && this.stale) {
        this.draw();
      }
    });
    this.watcher.observe(el);
    this.clock = setInterval(() => this.tick(), 1000);
    this.paint();
    if (store.focused) {
      requestAnimationFrame(() => this.prompt.focus({ preventScroll: true }));
    }
  }

  close() {
    this.store.focused = this.el.ownerDocument.activeElement === this.prompt;
    this.store.views.delete(this);
    this.watcher.disconnect();
    clearInterval(this.clock);
    cancelAnimationFrame(this.frame);
  }

  draw() {
    this.stale = !this.inView;
    if (this.stale) {
      return;
    }
    this.frame ??= requestAnimationFrame(() => {
      this.frame = undefined;
      this.paint();
    });
  }

  paint() {
    const { head } = this.store;
    const { notice } = this.store.requests;
    set(this.name, head.name);
    this.name.title = head.name;
    label(this.el, { 'aria-label': `Chat ${head.name}` });
    label(this.prompt, { 'aria-label': `Write to ${head.agent}` });
    set(this.about, head.about);
    set(this.word, head.word + (head.reason ? ` · ${head.reason}` : ''));
    redraw(this.mark, head.mark);
    this.el.dataset.mark = head.mark;
    this.link.hidden = head.mark === 'ended' && head.note !== '';
    linkTo(this.link, head);
    this.interrupt.hidden = !head.interrupt;
    this.stop.hidden = !head.stop;
    this.start.hidden = !head.start;
    this.sure.hidden ||= !head.stop;
    this.form.hidden = !head.speaks;
    this.prompt.disabled = !head.send || this.sending === true;
    this.submit.disabled = this.prompt.disabled;
    this.prompt.placeholder = head.send
      ? `Write to ${head.agent}, or use chat.send("…")`
      : 'The chat does not run.';
    set(this.submit, head.interrupt ? 'Queue' : 'Send');
    const said = [head.note, head.error, notice].filter(Boolean).join(' ');
    set(this.note, said);
    this.note.hidden = !said;
    set(this.older, head.older ? `${head.older} older turns: chat.turns` : '');
    this.older.hidden = !head.older;
    this.paintTurns();
    this.paintArtifacts();
    this.tick();
  }

  paintTurns() {
    const { turns, items, open } = this.store;
    const numbers = [...turns.keys()].sort((a, b) => a - b);
    const keys = new Set(numbers.map(String));
    for (const number of numbers) {
      const turn = turns.get(number);
      const node = this.node(`${number}`, () => new TurnNode(this, number));
      node.update(turn, number === numbers[numbers.length - 1] || !turn.ended);
    }
    for (const [key, item] of items) {
      const turn = this.shown.get(`${item.turn}`);
      if (turn) {
        keys.add(key);
        turn.item(this.node(key, () => new ItemNode(key, item.kind, open)), item);
      }
    }
    for (const [key, node] of this.shown) {
      if (!keys.has(key)) {
        node.el.remove();
        this.shown.delete(key);
      }
    }
    for (const number of numbers) {
      const { el } = this.shown.get(`${number}`);
      if (el.parentNode !== this.turns) {
        this.turns.append(el);
      }
    }
    if (this.followed) {
      this.turns.scrollTop = this.turns.scrollHeight;
    }
  }

  node(key, create) {
    let node = this.shown.get(key);
    if (!node) {
      node = create();
      this.shown.set(key, node);
    }
    return node;
  }

  paintArtifacts() {
    const { artifacts } = this.store;
    if (artifacts === this.drawn) {
      return;
    }
    this.drawn = artifacts;
    this.artifacts.replaceChildren(
      ...artifacts.map(({ name, fact, path, picture }) => {
        const caption = make('figcaption', '', [name, fact ? ` · ${fact}` : '']);
        const figure = make('figure', 'ah-figure', [caption]);
        figure.title = path;
        if (picture) {
          const image = make('img');
          image.src = picture;
          image.alt = name;
          figure.prepend(image);
        }
        return figure;
      })
    );
    this.artifacts.hidden = artifacts.length === 0;
  }

  tick() {
    if (!this.inView) {
      return;
    }
    const { head } = this.store;
    set(this.time, head.since ? duration((Date.now() - Date.parse(head.since)) / 1000) : '');
  }

  async send() {
    const prompt = this.prompt.value;
    if (prompt.trim() === '' || this.prompt.disabled) {
      return;
    }
    this.sending = true;
    this.paint();
    const error = await this.store.requests.ask({ do: 'send', prompt });
    this.sending = false;
    if (!error) {
      this.prompt.value = this.store.draft = '';
      this.followed = true;
    }
    this.paint();
    this.prompt.focus({ preventScroll: true });
  }

  confirm(asked = true) {
    this.sure.hidden = !asked;
  }

  stopNow() {
    this.confirm(false);
    void this.store.requests.ask({ do: 'stop' });
  }
}

class TurnNode {
  constructor(view, number) {
    this.view = view;
    this.el = make('details', 'ah-turn', [
      make('summary', 'ah-summary', [
        make('span', 'ah-number', [`[${number}]:`]),
        (this.prompt = make('span', 'ah-asked')),
        make('span', 'ah-state', [(this.mark = icon('ended')), (this.facts = make('span', 'ah-quiet'))])
      ]),
      (this.whole = press('', () => this.cut(!this.isCut))),
      (this.items = make('div', 'ah-items')),
      (this.asks = make('div')),
      (this.error = make('div', 'ah-failure'))
    ]);
    this.whole.classList.add('ah-whole');
    this.whole.hidden = true;
  }

  /** Cut a prompt that is long, or show all of it. */
  cut(isCut) {
    this.isCut = isCut;
    this.el.classList.toggle('ah-cut', isCut);
    set(this.whole, isCut ? 'Show all of the prompt' : 'Show less');
    label(this.whole, { 'aria-expanded': `${!isCut}` });
  }

  update(turn, open) {
    if (this.turn === turn && this.unfolded === open) {
      return;
    }
    if (this.unfolded !== open) {
      this.el.open = this.unfolded = open;
    }
    const asks = JSON.stringify(turn.asks);
    if (asks !== this.asked) {
      this.asked = asks;
      this.asks.replaceChildren(...turn.asks.map(ask => this.request(ask)));
    }
    this.turn = turn;
    if (set(this.prompt, turn.prompt)) {
      const { length } = turn.prompt.split('\n');
      this.whole.hidden = turn.prompt.length <= LONG_PROMPT.characters && length <= LONG_PROMPT.lines;
      this.cut(!this.whole.hidden);
    }
    redraw(this.mark, turn.mark);
    const facts = [turn.word];
    if (turn.seconds !== null) {
      facts.push(duration(turn.seconds));
    }
    if (turn.tokens) {
      facts.push(`${turn.tokens.toLocaleString('en')} tokens`);
    }
    set(this.facts, facts.join(' · '));
    set(this.error, turn.error);
    this.error.hidden = !turn.error;
    this.el.dataset.mark = turn.mark;
  }

  item(node, item) {
    node.update(item);
    if (node.el.parentNode !== this.items) {
      this.items.append(node.el);
    }
  }

  request({ approval, what, about, where, why }) {
    const answer = decision => {
      for (const button of box.querySelectorAll('button')) {
        button.disabled = true;
      }
      void this.view.store.requests.ask({ do: 'answer', approval, decision }).then(error => {
        for (const button of box.querySelectorAll('button')) {
          button.disabled = error === '';
        }
      });
    };
    const box = make('div', 'ah-ask ah-approval', [
      make('strong', '', [what]),
      make('div', '', [why]),
      make('pre', 'ah-text', [about + (where ? `\n# in ${where}` : '')]),
      press('Allow once', () => answer('accept')),
      press('Allow in this chat', () => answer('accept_for_session')),
      press('Deny', () => answer('decline'))
    ]);
    label(box, { role: 'group', 'aria-label': what });
    return box;
  }
}

class ItemNode {
  constructor(key, kind, open) {
    this.rich = RICH.includes(kind);
    this.body = make(this.rich ? 'div' : 'pre', this.rich ? 'ah-said' : 'ah-text');
    this.body.dir = 'auto';
    if (kind === 'message') {
      this.el = this.body;
      return;
    }
    this.el = make('details', 'ah-item', [
      (this.summary = make('summary', 'ah-summary', [
        (this.mark = icon('ended')),
        (this.title = make('code', 'ah-title')),
        (this.fact = make('span', 'ah-quiet')),
        (this.time = make('span', 'ah-quiet ah-time'))
      ])),
      this.body
    ]);
    // What a person unfolds, or folds, is remembered; the body is put in only once it is seen.
    this.isOpen = () => open.get(key) ?? this.item.mark === 'failed';
    this.el.addEventListener('toggle', () => {
      if (this.el.open !== this.isOpen()) {
        open.set(key, this.el.open);
      }
      this.fill();
    });
  }

  update(item) {
    if (this.item === item) {
      return;
    }
    this.item = item;
    if (this.title) {
      this.el.open = this.isOpen();
      set(this.title, item.title);
      redraw(this.mark, item.mark);
      set(this.fact, item.fact);
      set(this.time, item.seconds === null ? '' : duration(item.seconds));
      this.el.classList.toggle('ah-empty', item.body === '');
    }
    this.fill();
  }

  fill() {
    if (this.el !== this.body && !this.el.open) {
      return;
    }
    if (this.filled !== this.item.body) {
      this.filled = this.item.body;
      if (this.rich) {
        this.body.innerHTML = this.item.body;
      } else {
        this.body.textContent = this.item.body;
      }
    }
    this.body.classList.toggle('ah-live', this.item.mark === 'running');
  }
}
