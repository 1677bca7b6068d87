import { describe, expect, it } from 'vitest';

import { Collection } from '../src/collection';

interface IThing {
  id: string;
  rank: number;
  text?: string;
}

const things = (count: number) => {
  let compared = 0;
  const collection = new Collection<IThing>((a, b) => {
    compared += 1;
    return a.rank - b.rank;
  });
  collection.reset(Array.from({ length: count }, (_, rank) => ({ id: `t${rank}`, rank })));
  return { collection, compared: () => compared };
};

const ids = (collection: Collection<IThing>) => collection.values.map(({ id }) => id);

describe('Collection', () => {
  it('keeps its order as values come, change and go', () => {
    const { collection } = things(3);
    expect(ids(collection)).toEqual(['t0', 't1', 't2']);
    collection.put({ id: 't0', rank: 9 });
    collection.put({ id: 'new', rank: 1.5 });
    collection.delete('t1');
    expect(ids(collection)).toEqual(['new', 't2', 't0']);
  });

  it('leaves a list that it handed out as it was', () => {
    const { collection } = things(2);
    const before = collection.values;
    collection.put({ id: 't1', rank: 1, text: 'changed' });
    expect(before[1]?.text).toBeUndefined();
    expect(collection.values[1]?.text).toBe('changed');
  });

  it('hands out the same list until something changes', () => {
    const { collection } = things(2);
    expect(collection.values).toBe(collection.values);
  });

  it('costs no more to change one value of a thousand than one of ten', () => {
    const cost = (count: number) => {
      const { collection, compared } = things(count);
      void collection.values;
      const before = compared();
      collection.put({ id: 't5', rank: 5, text: 'changed' });
      void collection.values;
      return compared() - before;
    };
    expect(cost(1000)).toBe(cost(10));
  });
});
