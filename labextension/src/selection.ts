import { Signal, type ISignal } from '@lumino/signaling';

/** Rows of a list that are chosen together, by their keys. */
export class Selection {
  /** Emitted when what is chosen changed. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** What is chosen, in the order of the list. */
  get keys(): readonly string[] {
    return this._order.filter(key => this._keys.has(key));
  }

  get size(): number {
    return this._keys.size;
  }

  has(key: string): boolean {
    return this._keys.has(key);
  }

  /** Whether several are chosen, this one among them. */
  isAmongMany(key: string): boolean {
    return this._keys.size > 1 && this._keys.has(key);
  }

  /** Tell which rows there are, in order; what is gone, or filtered away, is not chosen any more. */
  list(order: readonly string[]): void {
    this._order = order;
    const there = new Set(order);
    const left = [...this._keys].filter(key => there.has(key));
    if (left.length < this._keys.size) {
      this._set(left);
    }
    if (this._anchor !== null && !there.has(this._anchor)) {
      this._anchor = null;
    }
  }

  /** Choose a row as well, or no longer. */
  toggle(key: string): void {
    if (!this._order.includes(key)) {
      return;
    }
    this._anchor = key;
    const keys = new Set(this._keys);
    if (!keys.delete(key)) {
      keys.add(key);
    }
    this._set(keys);
  }

  /** Choose all rows from the one that was chosen last to this one, and no others. */
  extend(key: string, from: string | null = null): void {
    this._anchor ??= from;
    const start = this._order.indexOf(this._anchor ?? key);
    const end = this._order.indexOf(key);
    if (start >= 0 && end >= 0) {
      this._anchor = this._order[start]!;
      this._set(this._order.slice(Math.min(start, end), Math.max(start, end) + 1));
    }
  }

  all(): void {
    this._set(this._order);
  }

  clear(): void {
    this._anchor = null;
    if (this._keys.size > 0) {
      this._set([]);
    }
  }

  private _set(keys: Iterable<string>): void {
    this._keys = new Set(keys);
    this._changed.emit();
  }

  private readonly _changed = new Signal<this, void>(this);
  private _keys: ReadonlySet<string> = new Set();
  private _order: readonly string[] = [];
  /** Where a range begins. */
  private _anchor: string | null = null;
}
