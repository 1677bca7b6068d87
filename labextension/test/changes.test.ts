import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import type { ChatDiff, HubApi } from '../src/api';
import { Changes } from '../src/chatpage/changes';

const DIFF: ChatDiff = { base: '', head: '', uncommitted: true, files: [], more: 0, left_out: [] };

let answers: ((answer: ChatDiff | Error) => void)[];
let changes: Changes;

const asked = () => answers.length;

async function answer(how: ChatDiff | Error = DIFF): Promise<void> {
  answers.at(-1)!(how);
  await vi.advanceTimersByTimeAsync(0);
}

beforeEach(() => {
  vi.useFakeTimers();
  answers = [];
  const diff = () =>
    new Promise<ChatDiff>((resolve, reject) => {
      answers.push(how => (how instanceof Error ? reject(how) : resolve(how)));
    });
  changes = new Changes({ diff } as unknown as HubApi, 'c1');
});

afterEach(() => {
  changes.dispose();
  vi.useRealTimers();
});

describe('the changes of a chat', () => {
  it('are not looked at while nobody sees them', async () => {
    changes.invalidate();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(asked()).toBe(0);
    changes.show('unseen');
    expect(asked()).toBe(1);
  });

  it('are looked at once for all that an agent did in a while', async () => {
    changes.show('seen');
    await answer();
    changes.invalidate();
    changes.invalidate();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(asked()).toBe(2);
  });

  it('are looked at again where more was done meanwhile', async () => {
    changes.show('seen');
    changes.invalidate();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(asked()).toBe(1);
    await answer();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(asked()).toBe(2);
  });

  it('are looked at whenever somebody opens them', async () => {
    changes.show('unseen');
    await answer();
    changes.show('seen');
    expect(asked()).toBe(2);
  });

  it('stay as they were known where they cannot be looked at, and say why', async () => {
    changes.show('seen');
    await answer({ ...DIFF, more: 3 });
    const look = changes.look();
    await answer(new Error('Git does not answer.'));
    await look;
    expect(changes.diff?.more).toBe(3);
    expect(changes.problem?.message).toBe('Git does not answer.');
    // Nobody waits for it: it is not asked over and over.
    await vi.advanceTimersByTimeAsync(60_000);
    expect(asked()).toBe(2);
  });
});
