import { hasEnded } from './activity';
import type { Chat } from './api';

/** What keeps the states of chats from being known: the hub does not answer, or its container engine does not. */
export interface IOutage {
  kind: 'hub' | 'engine';
  /** When the states were last known, as an ISO time; empty where that was before this page was opened. */
  since: string;
  /** What happened, in a few words: `Docker does not answer`. */
  reason: string;
}

/** Whether an outage leaves it open what a chat does; what has ended stays so. */
export function isUnknown(chat: Chat, outage: IOutage | null): boolean {
  return chat.status === 'unknown' || (outage !== null && !hasEnded(chat));
}

/** Whether two outages say the same. */
export function isSame(a: IOutage | null, b: IOutage | null): boolean {
  return a?.kind === b?.kind && a?.since === b?.since && a?.reason === b?.reason;
}
