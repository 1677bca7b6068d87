import type { Chat, ChatStatus } from './api';

/** What a chat does: its state, and of one that runs, whether its agent works, waits for the person, or is done. */
export type Activity = ChatStatus | 'waiting' | 'idle';

export function activityOf({ status, turn }: Pick<Chat, 'status' | 'turn'>): Activity {
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
    default:
      return 'running';
  }
}

/** Chats, and how many of them do what. */
interface IChatCounts {
  readonly chats: readonly Chat[];
  count(activity: Activity): number;
}

/** How many chats do something, in the words of their rows: `3 running · 1 waiting for you · 1 in queue`. */
export function summary(chats: IChatCounts): string {
  const parts = [
    [chats.count('running'), 'running'],
    [chats.count('waiting'), 'waiting for you'],
    [chats.count('starting'), 'starting'],
    [chats.count('queued'), 'in queue']
  ] as const;
  const words = parts.filter(([found]) => found > 0).map(([found, word]) => `${found} ${word}`);
  if (words.length > 0) {
    return words.join(' · ');
  }
  return chats.chats.length === 0 ? 'No chats' : 'No agent is working';
}
