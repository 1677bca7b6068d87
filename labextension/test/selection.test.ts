import { describe, expect, it } from 'vitest';

import { Selection } from '../src/selection';

function listed(): Selection {
  const selection = new Selection();
  selection.list(['a', 'b', 'c', 'd']);
  return selection;
}

describe('a selection', () => {
  it('has what is toggled, in the order of the list', () => {
    const selection = listed();
    selection.toggle('c');
    selection.toggle('a');
    expect(selection.keys).toEqual(['a', 'c']);
    expect(selection.isAmongMany('a')).toBe(true);
    selection.toggle('c');
    expect(selection.keys).toEqual(['a']);
    expect(selection.isAmongMany('a')).toBe(false);
  });

  it('extends from where it began, in either direction', () => {
    const selection = listed();
    selection.toggle('c');
    selection.extend('d');
    expect(selection.keys).toEqual(['c', 'd']);
    selection.extend('a');
    expect(selection.keys).toEqual(['a', 'b', 'c']);
  });

  it('begins where the focus was when nothing was chosen', () => {
    const selection = listed();
    selection.extend('c', 'b');
    expect(selection.keys).toEqual(['b', 'c']);
  });

  it('takes no row that is none of the list', () => {
    const selection = listed();
    selection.toggle('group');
    selection.extend('group');
    expect(selection.size).toBe(0);
  });

  it('loses what leaves the list, and says so', () => {
    const selection = listed();
    selection.all();
    let told = 0;
    selection.changed.connect(() => (told += 1));
    selection.list(['b', 'd', 'e']);
    expect(selection.keys).toEqual(['b', 'd']);
    expect(told).toBe(1);
    selection.list(['b', 'd']);
    expect(told).toBe(1);
    selection.clear();
    expect(selection.size).toBe(0);
  });
});
