/** What parts of a page want to be told of, each as often as it asked. */
export class Interests {
  /** Everything that somebody wants to be told of. */
  get all(): readonly string[] {
    return [...this._counts.keys()];
  }

  has(subject: string): boolean {
    return this._counts.has(subject);
  }

  /** @returns whether nobody wanted it before. */
  add(subject: string): boolean {
    const count = this._counts.get(subject) ?? 0;
    this._counts.set(subject, count + 1);
    return count === 0;
  }

  /** @returns whether nobody wants it any more. */
  remove(subject: string): boolean {
    const left = (this._counts.get(subject) ?? 1) - 1;
    if (left > 0) {
      this._counts.set(subject, left);
      return false;
    }
    return this._counts.delete(subject);
  }

  private readonly _counts = new Map<string, number>();
}
