// The page's side of a run's table. The kernel decides what is shown (run_view.py); here it gets its place. What any page
// is made of stands before it (page.js).

/** What the kernel has told: views come and go. */
class Store {
  constructor(model) {
    this.views = new Set();
    // Chats that a person has cancelled, until the kernel answers.
    this.pending = new Set();
    this.requests = new Requests(model, () => this.draw());
    this.seen = model.get('state');
    model.on('msg:custom', message => this.take(message));
    model.on('change:state', () => this.take(model.get('state')));
  }

  /** Each message has all of it: the newest is right, whatever was lost on the way. */
  take(seen) {
    if (seen.sequence > this.seen.sequence) {
      this.seen = seen;
    }
    this.requests.answered(seen.answers ?? {});
    this.draw();
  }

  draw() {
    for (const view of this.views) {
      view.draw();
    }
  }
}

class View {
  constructor(store, el) {
    this.store = store;
    this.el = el;
    this.rows = new Map();
    el.classList.add('agent-hub-card', 'agent-hub-run');
    const header = make('div', 'ah-header', [
      (this.name = make('strong', 'ah-name')),
      (this.count = make('span')),
      (this.facts = make('span', 'ah-quiet')),
      make('span', 'ah-buttons', [(this.stop = press('Stop all…', () => this.ask()))])
    ]);
    label(el, { role: 'group' });
    label(this.count, { role: 'status' });
    this.sure = make('div', 'ah-ask', [
      (this.question = make('span')),
      press('Stop them', () => {
        this.sure.hidden = true;
        return store.requests.ask({ do: 'stop' });
      }),
      press('Cancel', () => {
        this.sure.hidden = true;
        this.stop.focus({ preventScroll: true });
      })
    ]);
    this.sure.hidden = true;
    this.note = make('div', 'ah-note');
    label(this.note, { role: 'status' });
    this.bar = make('progress');
    this.head = make('tr');
    this.body = make('tbody');
    const table = make('table', '', [make('thead', '', [this.head]), this.body]);
    this.more = make('div', 'ah-more ah-quiet');
    el.append(header, this.bar, ...absences(), this.sure, this.note, make('div', 'ah-rows', [table]), this.more);
    store.views.add(this);
    this.clock = setInterval(() => this.tick(), 1000);
    this.paint();
  }

  /** Ask whether all are to be stopped. */
  ask() {
    this.sure.hidden = false;
    this.sure.querySelector('button').focus({ preventScroll: true });
  }

  close() {
    this.store.views.delete(this);
    clearInterval(this.clock);
    cancelAnimationFrame(this.frame);
  }

  draw() {
    this.frame ??= requestAnimationFrame(() => {
      this.frame = undefined;
      this.paint();
    });
  }

  paint() {
    const { seen, requests } = this.store;
    set(this.name, seen.name);
    this.name.title = seen.name;
    label(this.el, { 'aria-label': `Run ${seen.name}` });
    set(this.count, `${seen.done} of ${seen.of} finished`);
    set(this.facts, [seen.counts, seen.left].filter(Boolean).join(' · '));
    this.bar.max = Math.max(seen.of, 1);
    this.bar.value = seen.done;
    label(this.bar, { 'aria-label': `${seen.done} of ${seen.of} finished` });
    this.stop.hidden = !seen.going;
    this.sure.hidden ||= !seen.going;
    set(this.question, `Stop the ${seen.of - seen.done} that have not finished? Their workspaces and conversations stay.`);
    const said = [seen.note, requests.notice].filter(Boolean).join(' ');
    set(this.note, said);
    this.note.hidden = !said;
    set(this.more, seen.more);
    this.more.hidden = !seen.more;
    this.paintHead();
    const there = new Set(seen.rows.map(row => row.chat));
    for (const [chat, row] of this.rows) {
      if (!there.has(chat)) {
        row.el.remove();
        this.rows.delete(chat);
      }
    }
    for (const row of seen.rows) {
      let node = this.rows.get(row.chat);
      if (!node) {
        this.rows.set(row.chat, (node = new Row(this.store)));
        this.body.append(node.el);
      }
      node.update(row);
    }
    this.tick();
  }

  paintHead() {
    const { parameters, metrics } = this.store.seen;
    const columns = JSON.stringify([parameters, metrics]);
    if (columns === this.columns) {
      return;
    }
    this.columns = columns;
    const column = (text, className = '') => {
      const cell = make('th', className, [text]);
      label(cell, { scope: 'col' });
      return cell;
    };
    this.head.replaceChildren(
      column('#'),
      ...parameters.map(name => column(name)),
      column('Status'),
      column('Time', 'ah-amount'),
      column('Tokens', 'ah-amount'),
      ...metrics.map(name => column(name, 'ah-amount')),
      column('', 'ah-amount ah-act')
    );
  }

  tick() {
    for (const row of this.rows.values()) {
      row.tick();
    }
  }
}

class Row {
  constructor(store) {
    this.store = store;
    this.el = make('tr');
  }

  update(row) {
    const drawn = JSON.stringify(row);
    if (drawn === this.drawn) {
      return;
    }
    this.drawn = drawn;
    this.row = row;
    this.el.dataset.mark = row.mark;
    // Where one is in the row it keeps the focus.
    const isFocused = this.el.contains(this.el.ownerDocument.activeElement);
    this.time = make('td', 'ah-amount ah-quiet');
    const act = this.act();
    const state = make('span', 'ah-state', [icon(row.mark), row.word]);
    state.title = row.reason;
    this.el.replaceChildren(
      make('td', 'ah-first', [`${row.number}`]),
      ...row.values.map(value => {
        const cell = make('td', 'ah-value', [value]);
        cell.title = value;
        return cell;
      }),
      make('td', '', [state]),
      this.time,
      make('td', 'ah-amount ah-quiet', [row.tokens ? row.tokens.toLocaleString('en') : '–']),
      ...row.metrics.map(metric =>
        make('td', 'ah-amount', metric ? [metric.best ? make('strong', '', [metric.text]) : metric.text] : ['–'])
      ),
      make('td', 'ah-amount ah-act', [act])
    );
    this.tick();
    if (isFocused) {
      act.focus({ preventScroll: true });
    }
  }

  act() {
    const { chat, number, act, link } = this.row;
    if (act === 'cancel') {
      const { pending, requests } = this.store;
      const button = press('Cancel', async () => {
        if (!pending.has(chat)) {
          pending.add(chat);
          // Not disabled: it would lose the focus.
          label(button, { 'aria-disabled': 'true' });
          await requests.ask({ do: 'stop', chat });
          pending.delete(chat);
          label(button, { 'aria-disabled': 'false' });
        }
      });
      button.className = 'ah-link';
      label(button, { 'aria-label': `Cancel ${number}`, 'aria-disabled': `${pending.has(chat)}` });
      return button;
    }
    const open = make('a', 'ah-link', [act === 'answer' ? 'Answer' : 'Open']);
    linkTo(open, { chat, link });
    label(open, { 'aria-label': `${open.textContent} ${number}` });
    return open;
  }

  tick() {
    const { since, seconds } = this.row;
    const passed = since ? (Date.now() - Date.parse(since)) / 1000 : seconds;
    set(this.time, passed === null ? '–' : duration(passed));
  }
}
