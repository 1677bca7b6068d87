import { activityOf } from './activity';
import type { Build, Chat, Project } from './api';
import { isUnknown, type IOutage } from './outage';
import { trans } from './translation';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** How long ago a moment was, in few words. */
export function age(time: string, now: number = Date.now()): string {
  return since(time, now, {
    minutes: passed => trans.__('%1 min', passed),
    hours: passed => trans.__('%1 h', passed)
  });
}

/** How long ago, within a sentence: `4 min ago`, and of another day its name. */
export function ago(time: string, now: number = Date.now()): string {
  return since(time, now, {
    minutes: passed => trans.__('%1 min ago', passed),
    hours: passed => trans.__('%1 h ago', passed)
  });
}

function since(
  time: string,
  now: number,
  words: { minutes: (passed: number) => string; hours: (passed: number) => string }
): string {
  const then = Date.parse(time);
  const passed = now - then;
  if (passed < MINUTE) {
    return trans.__('now');
  }
  if (passed < HOUR) {
    return words.minutes(Math.floor(passed / MINUTE));
  }
  if (passed < DAY && sameDay(then, now)) {
    return words.hours(Math.floor(passed / HOUR));
  }
  if (sameDay(then, now - DAY)) {
    return trans.__('yesterday');
  }
  return day(time);
}

/** What is left until a moment: `11:42`; null once it has passed. */
export function countdown(time: string, now: number = Date.now()): string | null {
  const left = Math.ceil((Date.parse(time) - now) / SECOND);
  if (!(left > 0)) {
    return null;
  }
  return `${Math.floor(left / 60)}:${String(left % 60).padStart(2, '0')}`;
}

/** A length of time in milliseconds: `0.4 s`, `22 s`, `1 min 04 s`, `2 h 05 min`. */
export function duration(milliseconds: number): string {
  const passed = Math.max(0, milliseconds);
  if (passed < 10 * SECOND) {
    return trans.__('%1 s', (passed / SECOND).toFixed(1));
  }
  if (passed < MINUTE) {
    return trans.__('%1 s', Math.floor(passed / SECOND));
  }
  if (passed < HOUR) {
    const seconds = Math.floor((passed % MINUTE) / SECOND);
    return trans.__('%1 min %2 s', Math.floor(passed / MINUTE), String(seconds).padStart(2, '0'));
  }
  const minutes = Math.floor((passed % HOUR) / MINUTE);
  return trans.__('%1 h %2 min', Math.floor(passed / HOUR), String(minutes).padStart(2, '0'));
}

/** The length of a film in seconds: `0:24`, `1:02:05`. */
export function clockOf(seconds: number): string {
  const whole = Math.round(seconds);
  const parts = [Math.floor(whole / 60) % 60, whole % 60].map(part =>
    String(part).padStart(2, '0')
  );
  const hours = Math.floor(whole / 3600);
  return hours > 0 ? `${hours}:${parts.join(':')}` : `${Number(parts[0])}:${parts[1]}`;
}

/** How long an answer lets wait, in milliseconds: `640 ms`, `12.3 s`. */
export function delay(milliseconds: number): string {
  return milliseconds < SECOND
    ? trans.__('%1 ms', Math.round(milliseconds))
    : trans.__('%1 s', (milliseconds / SECOND).toFixed(1));
}

/** The time between two moments; the second may be yet to come. */
export function elapsed(from: string | null, to: string | null, now: number = Date.now()): number {
  return from === null ? 0 : (to === null ? now : Date.parse(to)) - Date.parse(from);
}

/** A moment as a clock shows it. */
export function clock(time: string, seconds = false): string {
  const date = new Date(time);
  if (Number.isNaN(date.getTime())) {
    return '';
  }
  const parts = [date.getHours(), date.getMinutes(), ...(seconds ? [date.getSeconds()] : [])];
  return parts.map(part => String(part).padStart(2, '0')).join(':');
}

/** A moment with its day, where that is not today. */
export function moment(time: string, now: number = Date.now()): string {
  const then = Date.parse(time);
  if (sameDay(then, now)) {
    return trans.__('today %1', clock(time));
  }
  return `${day(time)} ${clock(time)}`;
}

/** A moment as a clock shows it, with its day where that is not today. */
export function shortMoment(time: string, now: number = Date.now()): string {
  return sameDay(Date.parse(time), now) ? clock(time) : moment(time, now);
}

/** A day: `24 Dec`. */
export function day(time: string): string {
  return new Date(time).toLocaleDateString(undefined, { day: 'numeric', month: 'short' });
}

const UNITS: readonly ((value: string | number) => string)[] = [
  value => trans.__('%1 B', value),
  value => trans.__('%1 kB', value),
  value => trans.__('%1 MB', value),
  value => trans.__('%1 GB', value),
  value => trans.__('%1 TB', value)
];

/** Bytes, in the unit that fits. */
export function size(bytes: number): string {
  let unit = 0;
  let value = bytes;
  while (value >= 1000 && unit < UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return UNITS[unit]!(value < 10 && unit > 0 ? value.toFixed(1) : Math.round(value));
}

/** A number of tokens: `950`, `41.2 k`, `1.3 M`. */
export function tokens(number: number): string {
  if (number < 1000) {
    return String(number);
  }
  const isBig = number >= 999_500;
  const value = number / (isBig ? 1e6 : 1e3);
  const rounded = value < 99.95 ? Number(value.toFixed(1)) : Math.round(value);
  return isBig ? trans.__('%1 M', rounded) : trans.__('%1 k', rounded);
}

/** What was taken of a model, and of how much; empty where there is neither. */
export function tokenWords(taken: { tokens: number; token_budget: number | null }): string {
  if (taken.token_budget !== null) {
    return trans.__('%1 of %2 tokens', tokens(taken.tokens), tokens(taken.token_budget));
  }
  return taken.tokens > 0 ? trans.__('%1 tokens', tokens(taken.tokens)) : '';
}

/** How people write a number of tokens: `200000`, `200,000`, `200k`, `1.5M`. */
export const TOKENS_PATTERN = '\\s*(\\d+(?:[,_ ]\\d{3})*(?:\\.\\d+)?) ?([kKmM]?)\\s*';

/** A number of tokens as people write it; null where it is none. */
export function parseTokens(text: string): number | null {
  const found = new RegExp(`^${TOKENS_PATTERN}$`).exec(text);
  if (!found) {
    return null;
  }
  const [, digits = '', unit = ''] = found;
  const times = { '': 1, k: 1e3, m: 1e6 }[unit.toLowerCase()] ?? 1;
  return Math.round(Number(digits.replace(/[,_ ]/g, '')) * times);
}

/**
 * What a build is made from, in words: as it was when the build began, whatever the project says by now.
 *
 * Empty is what is not known, of a build that an older hub made.
 */
export function buildSource(
  build: Build,
  project: Project,
  defaultBase: string
): { branch: string; base: string } {
  const ofBuild = build.started_at !== null;
  const branch = ofBuild ? build.branch : project.branch;
  return {
    branch: branch === '' ? trans.__('default branch') : (branch ?? ''),
    base: ofBuild ? build.base : project.base || defaultBase
  };
}

/** The state of a chat in words; during an outage, when it was last known. */
export function chatWords(chat: Chat, outage: IOutage | null = null): string {
  if (isUnknown(chat, outage)) {
    return outage?.since
      ? trans.__('Unknown · last seen %1', shortMoment(outage.since))
      : trans.__('Unknown');
  }
  switch (chat.status) {
    case 'queued':
      return chat.place > 0
        ? trans.__('Starting · queue place %1', chat.place)
        : trans.__('Starting · %1', chat.reason || trans.__('in queue'));
    case 'starting':
      return trans.__('Starting');
    case 'running':
      return turnWords(chat);
    case 'stopping':
      return trans.__('Stopping');
    case 'exited':
      return chat.exit_code ? trans.__('Exited (%1)', chat.exit_code) : trans.__('Exited');
    case 'failed':
      return trans.__('Failed');
    case 'unknown':
      return trans.__('Unknown');
    case 'deleting':
      return trans.__('Deleting');
  }
}

/** What the agent of a chat that runs is doing, as far as it tells. */
function turnWords(chat: Chat): string {
  const activity = activityOf(chat);
  if (activity === 'waiting') {
    return trans.__('Waiting for you');
  }
  if (activity === 'ready') {
    return trans.__('Ready');
  }
  switch (chat.turn?.status) {
    case 'completed':
      return trans.__('Finished');
    case 'failed':
      return trans.__('Could not go on');
    case 'interrupted':
      return trans.__('Interrupted');
    default:
      return trans.__('Running');
  }
}

/** Why a chat waits or how it ended, where its state in words does not say so already. */
export function chatReason(chat: Chat, outage: IOutage | null = null): string {
  const isSaid = isUnknown(chat, outage) || (chat.status === 'queued' && chat.place === 0);
  return isSaid ? '' : turnReason(chat) || (chat.error?.message ?? chat.reason);
}

/** Why the agent of a chat that runs could not go on. */
export function turnReason({ status, turn }: Chat): string {
  const isStuck = status === 'running' && turn?.status === 'failed';
  // Who says so needs no saying here, and a row has little room.
  return isStuck ? turn.reason.replace(/^Agent Hub: /, '') : '';
}

/** Whether a build goes on. */
export function isBuilding(build: Build | null): boolean {
  return build !== null && ['queued', 'cloning', 'building'].includes(build.state);
}

/** Whether chats of a project can start from what was built last. */
export function isReady({ build, snapshot }: Pick<Project, 'build' | 'snapshot'>): boolean {
  return build === null ? snapshot !== null : build.state === 'ready';
}

/** The state of a project in words, without its snapshot. */
export function projectWords(project: Project): string {
  const { build } = project;
  if (build === null) {
    return project.snapshot ? trans.__('Ready') : trans.__('Not built');
  }
  switch (build.state) {
    case 'queued':
      return trans.__('In queue');
    case 'cloning':
    case 'building':
      return trans.__('Building %1 %', Math.round(build.progress * 100));
    case 'ready':
      return trans.__('Ready');
    case 'failed':
      return trans.__('Failed');
    case 'cancelled':
      return trans.__('Cancelled');
  }
}

/** The step that a build is at, or stopped at, counted from 1; else the last that ended. */
export function currentStep(build: Build): number {
  const at = build.steps.findIndex(step => ['running', 'failed', 'cancelled'].includes(step.state));
  if (at >= 0) {
    return at + 1;
  }
  return build.steps.filter(step => step.state === 'done').length;
}

/** The short form of a snapshot's image: the start of its hash. */
export function shortHash(image: string): string {
  return (image.split(':').at(-1) ?? '').slice(0, 7);
}

function sameDay(a: number, b: number): boolean {
  return new Date(a).toDateString() === new Date(b).toDateString();
}
