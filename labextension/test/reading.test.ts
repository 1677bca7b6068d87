import { describe, expect, it } from 'vitest';

import { byTurn } from '../src/chatpage/published';
import { Reading, TURNS_AT_ONCE } from '../src/chatpage/reading';
import { artifact, turn } from './values';

describe('reading a conversation', () => {
  it('opens the newest turns and those at work, and folds the older ones', () => {
    const reading = new Reading();
    expect(reading.isTurnOpen(9, 0, false)).toBe(true);
    expect(reading.isTurnOpen(8, 1, false)).toBe(true);
    expect(reading.isTurnOpen(7, 2, false)).toBe(false);
    expect(reading.isTurnOpen(6, 3, true)).toBe(true);
  });

  it('keeps what a person opened or folded, whatever comes after', () => {
    const reading = new Reading();
    reading.toggleTurn(7, true);
    reading.toggleTurn(9, false);
    reading.toggleItem(9, 'c1', false);
    expect(reading.isTurnOpen(7, 100, false)).toBe(true);
    expect(reading.isTurnOpen(9, 0, true)).toBe(false);
    expect(reading.isItemOpen(9, 'c1', true)).toBe(false);
    expect(reading.isItemOpen(8, 'c1', true)).toBe(true);
  });

  it('puts a prompt that is given back before what is being written', () => {
    const reading = new Reading();
    let told = 0;
    reading.givenBack.connect(() => told++);

    reading.giveBack('Sort them.');
    expect(reading.draft).toBe('Sort them.');
    reading.giveBack('Read them.');
    expect(reading.draft).toBe('Read them.\n\nSort them.');
    expect(told).toBe(2);
  });

  it('shows more turns when that is asked for', () => {
    const reading = new Reading();
    reading.showMore();
    expect(reading.most).toBe(2 * TURNS_AT_ONCE);
  });
});

describe('what a chat published', () => {
  it('is told by turn, the newest first, and what belongs to none last', () => {
    const turns = [1, 2].map(number => ({
      turn: turn({ number }),
      items: 'whole' as const,
      problem: ''
    }));
    const groups = byTurn(
      [
        artifact({ id: 'a', turn: 1 }),
        artifact({ id: 'b', turn: null }),
        artifact({ id: 'c', turn: 2 }),
        artifact({ id: 'd', turn: 1 })
      ],
      turns
    );
    expect(groups.map(group => group.turn?.number ?? null)).toEqual([2, 1, null]);
    expect(groups[1]?.artifacts.map(({ id }) => id)).toEqual(['a', 'd']);
  });

  it('is told in each turn that published it, at the last version that is of that turn', () => {
    const turns = [1, 2].map(number => ({
      turn: turn({ number }),
      items: 'whole' as const,
      problem: ''
    }));
    const versions = [1, 2, 3].map(version =>
      artifact({ id: 'a', version, turn: version === 3 ? 2 : 1 })
    );
    const groups = byTurn([...versions, artifact({ id: 'b', turn: 1 })], turns);
    const told = groups.map(({ artifacts }) =>
      artifacts.map(({ id, version }) => `${id}${version}`)
    );
    expect(told).toEqual([['a3'], ['a2', 'b1']]);
  });
});
