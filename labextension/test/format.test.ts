import { describe, expect, it, vi } from 'vitest';

import type { Chat, TurnStatus } from '../src/api';
import {
  age,
  buildSource,
  chatReason,
  chatWords,
  currentStep,
  duration,
  parseTokens,
  projectWords,
  size,
  tokens,
  tokenWords
} from '../src/format';
import { build, chat, project } from './values';

const step = (state: 'done' | 'running' | 'failed' | 'pending') => ({
  name: 'Step',
  detail: '',
  state,
  cached: false,
  started_at: null,
  ended_at: null,
  exit_code: null
});

describe('words', () => {
  it('say how a chat ended', () => {
    expect(chatWords(chat({ status: 'exited', exit_code: 137 }))).toBe('Exited (137)');
    expect(chatWords(chat({ status: 'exited', exit_code: 0 }))).toBe('Exited');
  });

  it('say which place a chat has in its queue', () => {
    const words = (status: TurnStatus) =>
      chatWords(chat({ turn: { number: 1, status, prompt: '', queued: 0 } as Chat['turn'] }));
    expect(words('running')).toBe('Running');
    expect(words('queued')).toBe('Running');
    expect(chatWords(chat())).toBe('Ready');
    expect(chatWords(chat({ prompt: 'Plot the loss' }))).toBe('Running');
    expect(words('waiting')).toBe('Waiting for you');
    expect(words('completed')).toBe('Finished');
    expect(words('failed')).toBe('Could not go on');
    expect(words('interrupted')).toBe('Interrupted');
    expect(chatWords(chat({ status: 'queued', place: 2 }))).toBe('Starting · queue place 2');
    expect(chatWords(chat({ status: 'queued' }))).toBe('Starting · in queue');
    const waits = chat({ status: 'queued', reason: 'waits for the build' });
    expect(chatWords(waits)).toBe('Starting · waits for the build');
    expect(chatReason(waits)).toBe('');
    expect(chatReason({ ...waits, place: 2 })).toBe('waits for the build');
  });

  it('say why the agent of a chat that runs could not go on, and of no other chat', () => {
    const reason = 'Agent Hub: The budget is used up.';
    const turn = { number: 1, status: 'failed', reason } as Chat['turn'];
    expect(chatReason(chat({ turn }))).toBe('The budget is used up.');
    expect(chatReason(chat({ turn: { ...turn!, status: 'completed', reason: '' } }))).toBe('');
    expect(chatReason(chat({ status: 'exited', reason: 'stopped', turn }))).toBe('stopped');
    const outage = { kind: 'hub', since: '', reason: 'The hub does not answer' } as const;
    expect(chatReason(chat({ turn }), outage)).toBe('');
  });

  it('say when a state was last known, and leave what has ended as it is', () => {
    const since = new Date(2025, 0, 2, 12, 8).toISOString();
    vi.setSystemTime(new Date(2025, 0, 2, 15, 0));
    const outage = { kind: 'hub', since, reason: 'The hub does not answer' } as const;
    expect(chatWords(chat(), outage)).toBe('Unknown · last seen 12:08');
    expect(chatWords(chat({ status: 'exited' }), outage)).toBe('Exited');
    expect(chatWords(chat(), { ...outage, since: '' })).toBe('Unknown');
    vi.useRealTimers();
  });

  it('say how far a build is', () => {
    expect(projectWords(project({ build: build({ progress: 0.617 }) }))).toBe('Building 62 %');
    expect(currentStep(build({ steps: [step('done'), step('failed'), step('pending')] }))).toBe(2);
  });

  it('say how long, how long ago and how large', () => {
    const now = new Date(2025, 0, 2, 12).getTime();
    const ago = (minutes: number) => age(new Date(now - minutes * 60_000).toISOString(), now);
    expect([ago(0), ago(12), ago(130), ago(24 * 60)]).toEqual([
      'now',
      '12 min',
      '2 h',
      'yesterday'
    ]);
    expect([400, 22_000, 64_000].map(duration)).toEqual(['0.4 s', '22 s', '1 min 04 s']);
    expect([9, 4_200, 214_000_000].map(size)).toEqual(['9 B', '4.2 kB', '214 MB']);
  });
});

describe('the source of a build', () => {
  const edited = project({ branch: 'new', base: 'python:3.13' });

  it('is what the project said as the build began', () => {
    const began = build({ state: 'failed', branch: '', base: 'no/such' });
    expect(buildSource(began, edited, 'slim')).toEqual({
      branch: 'default branch',
      base: 'no/such'
    });
  });

  it('is what the project says now, until the build begins', () => {
    const waits = build({ state: 'queued', started_at: null });
    expect(buildSource(waits, edited, 'slim')).toEqual({ branch: 'new', base: 'python:3.13' });
    expect(buildSource(waits, project(), 'slim').base).toBe('slim');
  });

  it('is not guessed of a build that an older hub made', () => {
    expect(buildSource(build(), edited, 'slim')).toEqual({ branch: '', base: '' });
  });
});

describe('tokens', () => {
  it.each([
    [0, '0'],
    [999, '999'],
    [1000, '1 k'],
    [41_239, '41.2 k'],
    [99_960, '100 k'],
    [999_499, '999 k'],
    [999_500, '1 M'],
    [12_345_678, '12.3 M']
  ])('are told in the unit that fits: %d is %s', (number, words) => {
    expect(tokens(number)).toBe(words);
  });

  it.each([
    ['200000', 200_000],
    ['200,000', 200_000],
    [' 200k ', 200_000],
    ['1.5M', 1_500_000],
    ['0', 0],
    ['', null],
    ['many', null],
    ['-5', null],
    ['1,5M', null],
    ['1.5.5', null]
  ])('are read as people write them: %s is %d', (text, number) => {
    expect(parseTokens(text)).toBe(number);
  });

  it('are told with their budget, and not at all before there are any', () => {
    expect(tokenWords({ tokens: 0, token_budget: null })).toBe('');
    expect(tokenWords({ tokens: 41_239, token_budget: null })).toBe('41.2 k tokens');
    expect(tokenWords({ tokens: 0, token_budget: 5e6 })).toBe('0 of 5 M tokens');
  });
});
