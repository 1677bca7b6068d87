/**
 * Values by id, and the same values in order.
 *
 * A change costs the same however many values there are. They are put in order when they are next read, and only where
 * a change moved one of them.
 */
export class Collection<T extends { readonly id: string }> {
  constructor(compare: (a: T, b: T) => number) {
    this._compare = compare;
  }

  get size(): number {
    return this._values.size;
  }

  /** In order; a list that was handed out stays as it is. */
  get values(): readonly T[] {
    if (!this._sorted) {
      this._sorted = [...this._values.values()].sort(this._compare);
      this._places = new Map(this._sorted.map((value, index) => [value.id, index]));
      this._changed.clear();
    } else if (this._changed.size > 0) {
      this._sorted = this._sorted.slice();
      for (const id of this._changed) {
        this._sorted[this._places.get(id)!] = this._values.get(id)!;
      }
      this._changed.clear();
    }
    return this._sorted;
  }

  get(id: string): T | undefined {
    return this._values.get(id);
  }

  put(value: T): void {
    const known = this._values.get(value.id);
    this._values.set(value.id, value);
    if (known && this._compare(known, value) === 0) {
      this._changed.add(value.id);
    } else {
      this._sorted = null;
    }
  }

  delete(id: string): boolean {
    const isKnown = this._values.delete(id);
    if (isKnown) {
      this._sorted = null;
    }
    return isKnown;
  }

  /** Hold these values and no others. */
  reset(values: Iterable<T>): void {
    this._values.clear();
    for (const value of values) {
      this._values.set(value.id, value);
    }
    this._sorted = null;
  }

  private readonly _compare: (a: T, b: T) => number;
  private readonly _values = new Map<string, T>();
  /** Values that changed where they are, since the list was made. */
  private readonly _changed = new Set<string>();
  private _sorted: T[] | null = null;
  private _places = new Map<string, number>();
}
