import type { Chat, ChatStatus } from './api';
import { trans } from './translation';

/**
 * What a chat does: its state, and of one that runs, whether its agent works, waits for the person, has done what it was
 * asked, or was asked nothing yet.
 */
export type Activity = ChatStatus | 'waiting' | 'idle' | 'ready';

export function activityOf({
  status,
  turn,
  prompt
}: Pick<Chat, 'status' | 'turn' | 'prompt'>): Activity {
  if (status !== 'running') {
    return status;
  }
  switch (turn?.status) {
    case 'waiting':
      return 'waiting';
    case 'completed':
    case 'failed':
    case 'interrupted':
      return 'idle';
    case undefined:
      // Of its first prompt there is a turn once the agent has taken it.
      return prompt === '' ? 'ready' : 'running';
    default:
      return 'running';
  }
}

/** Whether a chat has ended: it goes on where somebody resumes it. */
export function hasEnded({ status }: Pick<Chat, 'status'>): boolean {
  return status === 'exited' || status === 'failed';
}

/** In which order chats stand: who waits for the person first, what has ended last. */
export const RANK: Record<Activity, number> = {
  waiting: 0,
  running: 1,
  starting: 2,
  queued: 3,
  stopping: 4,
  idle: 5,
  ready: 5,
  unknown: 6,
  failed: 7,
  exited: 8,
  deleting: 9
};

/** Chats, and how many of them do what. */
interface IChatCounts {
  readonly chats: readonly Chat[];
  count(activity: Activity): number;
}

/** How many chats do something, in the words of their rows: `3 running · 1 waiting for you · 1 in queue`. */
export function summary(chats: IChatCounts): string {
  const of = (activity: Activity, words: (found: number) => string): string[] => {
    const found = chats.count(activity);
    return found > 0 ? [words(found)] : [];
  };
  const words = [
    ...of('running', found => trans._n('%1 running', '%1 running', found)),
    ...of('waiting', found => trans._n('%1 waiting for you', '%1 waiting for you', found)),
    ...of('starting', found => trans._n('%1 starting', '%1 starting', found)),
    ...of('queued', found => trans._n('%1 in queue', '%1 in queue', found))
  ];
  if (words.length > 0) {
    return words.join(' · ');
  }
  return chats.chats.length === 0 ? trans.__('No chats') : trans.__('No agent is working');
}
