import { Signal } from '@lumino/signaling';
import { beforeEach, describe, expect, it } from 'vitest';

import type { Chat, TurnStatus } from '../src/api';
import { ChatNews, newsOf } from '../src/chatnews';
import type { HubModel, IHubChange } from '../src/model';
import { chat, STATUS } from './values';

const turn = (status: TurnStatus, number = 1) =>
  ({ number, status, prompt: '', reason: '', queued: 0 }) as Chat['turn'];

/** What of the model the news is made of. */
class Chats {
  readonly status = STATUS;
  readonly changed = new Signal<this, IHubChange>(this);
  readonly byId = new Map<string, Chat>();

  get chats(): Chat[] {
    return [...this.byId.values()];
  }

  chat(id: string): Chat | undefined {
    return this.byId.get(id);
  }

  isPending(): boolean {
    return false;
  }

  put(id: string, change: Partial<Chat>): void {
    this.byId.set(id, chat({ id, ...change }));
    this.changed.emit({ kind: 'chat', id });
  }

  delete(id: string): void {
    this.byId.delete(id);
    this.changed.emit({ kind: 'all', id: '' });
  }
}

let chats: Chats;
let inView: string;
let news: ChatNews;
let told: string[];

function begin(kept: Record<string, string> | null): void {
  news = new ChatNews(chats as unknown as HubModel, id => id === inView);
  told = [];
  news.arrived.connect((_, { chat, news }) => told.push(`${chat.id} ${news.kind}`));
  news.settled.connect((_, id) => told.push(`${id} settled`));
  news.begin(kept);
}

beforeEach(() => {
  chats = new Chats();
  inView = '';
});

describe('the news of a chat', () => {
  it('is what its agent asks, has done, or could not do', () => {
    expect(newsOf(chat({ turn: turn('waiting') }))?.kind).toBe('waiting');
    expect(newsOf(chat({ turn: turn('completed') }))?.kind).toBe('finished');
    expect(newsOf(chat({ turn: turn('failed') }))?.kind).toBe('failed');
    expect(newsOf(chat({ status: 'failed' }))?.kind).toBe('failed');
  });

  it('is not what a person did, nor what goes on', () => {
    for (const status of ['running', 'queued', 'interrupted'] as const) {
      expect(newsOf(chat({ turn: turn(status) }))).toBeNull();
    }
    expect(newsOf(chat({ status: 'exited', turn: turn('waiting') }))).toBeNull();
    expect(newsOf(chat({ status: 'starting' }))).toBeNull();
  });

  it('is the same after the chat was stopped', () => {
    const stopped = chat({ status: 'exited', turn: turn('completed') });
    expect(newsOf(stopped)?.key).toBe(newsOf(chat({ turn: turn('completed') }))?.key);
  });
});

describe('what a person has not seen', () => {
  it('is told once, and of each turn anew', () => {
    begin({});
    chats.put('a', { turn: turn('running') });
    chats.put('a', { turn: turn('completed') });
    chats.put('a', { turn: turn('completed'), name: 'Renamed' });
    chats.changed.emit({ kind: 'all', id: '' });
    expect(told).toEqual(['a finished']);
    expect(news.isUnread('a')).toBe(true);
    chats.put('a', { turn: turn('running', 2) });
    chats.put('a', { turn: turn('completed', 2) });
    expect(told).toEqual(['a finished', 'a settled', 'a finished']);
  });

  it('is not what was in view, and no more once it was', () => {
    begin({});
    inView = 'a';
    chats.put('a', { turn: turn('completed') });
    expect([told, news.isUnread('a')]).toEqual([[], false]);
    chats.put('b', { turn: turn('failed') });
    expect(news.isUnread('b')).toBe(true);
    inView = 'b';
    news.look();
    expect(news.isUnread('b')).toBe(false);
    expect(told).toEqual(['b failed', 'b settled']);
    inView = '';
    chats.put('b', { turn: turn('failed'), name: 'Renamed' });
    expect(news.isUnread('b')).toBe(false);
  });

  it('is settled once somebody has answered', () => {
    begin({});
    chats.put('a', { turn: turn('waiting') });
    chats.put('a', { turn: turn('running') });
    expect(told).toEqual(['a waiting', 'a settled']);
  });

  it('outlives a reload, and is told again only where the chat waits', () => {
    begin({});
    inView = 'c';
    chats.put('a', { turn: turn('completed') });
    chats.put('b', { turn: turn('waiting') });
    chats.put('c', { turn: turn('completed') });
    inView = '';
    begin(news.seen);
    expect(['a', 'b', 'c'].filter(id => news.isUnread(id))).toEqual(['a', 'b']);
    expect(told).toEqual(['b waiting']);
  });

  it('is nothing for a browser that knew of no chat', () => {
    chats.put('a', { turn: turn('completed') });
    begin(null);
    expect([told, news.isUnread('a')]).toEqual([[], false]);
    chats.put('b', { turn: turn('completed') });
    expect(told).toEqual(['b finished']);
  });

  it('is forgotten with the chat', () => {
    begin({ gone: '1 finished' });
    chats.put('a', { turn: turn('completed') });
    chats.delete('a');
    expect(news.seen).toEqual({});
    expect(told).toEqual(['a finished', 'a settled']);
  });
});
