import { activityOf } from './activity';
import type { Build, Chat, Project } from './api';
import { isUnknown, type IOutage } from './outage';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** How long ago a moment was, in few words. */
export function age(time: string, now: number = Date.now()): string {
  const then = Date.parse(time);
  const passed = now - then;
  if (passed < MINUTE) {
    return 'now';
  }
  if (passed < HOUR) {
    return `${Math.floor(passed / MINUTE)} min`;
  }
  if (passed < DAY && sameDay(then, now)) {
    return `${Math.floor(passed / HOUR)} h`;
  }
  if (sameDay(then, now - DAY)) {
    return 'yesterday';
  }
  return day(time);
}

/** How long ago, within a sentence: `4 min ago`, and of another day its name. */
export function ago(time: string, now: number = Date.now()): string {
  const passed = age(time, now);
  return /(min|h)$/.test(passed) ? `${passed} ago` : passed;
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
    return `${(passed / SECOND).toFixed(1)} s`;
  }
  if (passed < MINUTE) {
    return `${Math.floor(passed / SECOND)} s`;
  }
  if (passed < HOUR) {
    const seconds = Math.floor((passed % MINUTE) / SECOND);
    return `${Math.floor(passed / MINUTE)} min ${String(seconds).padStart(2, '0')} s`;
  }
  const minutes = Math.floor((passed % HOUR) / MINUTE);
  return `${Math.floor(passed / HOUR)} h ${String(minutes).padStart(2, '0')} min`;
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
    ? `${Math.round(milliseconds)} ms`
    : `${(milliseconds / SECOND).toFixed(1)} s`;
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
    return `today ${clock(time)}`;
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

/** Bytes, in the unit that fits. */
export function size(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let unit = 0;
  let value = bytes;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${value < 10 && unit > 0 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`;
}

/** A number of tokens: `950`, `41.2 k`, `1.3 M`. */
export function tokens(number: number): string {
  if (number < 1000) {
    return String(number);
  }
  const [unit, name] = number < 999_500 ? [1e3, 'k'] : [1e6, 'M'];
  const value = number / unit;
  return `${value < 99.95 ? Number(value.toFixed(1)) : Math.round(value)} ${name}`;
}

/** What was taken of a model, and of how much; empty where there is neither. */
export function tokenWords(taken: { tokens: number; token_budget: number | null }): string {
  if (taken.token_budget !== null) {
    return `${tokens(taken.tokens)} of ${tokens(taken.token_budget)} tokens`;
  }
  return taken.tokens > 0 ? `${tokens(taken.tokens)} tokens` : '';
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

/** A number of things: `1 chat`, `2 chats`. */
export function count(number: number, noun: string, plural = `${noun}s`): string {
  return `${number} ${number === 1 ? noun : plural}`;
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
    branch: branch === '' ? 'default branch' : (branch ?? ''),
    base: ofBuild ? build.base : project.base || defaultBase
  };
}

/** The state of a chat in words; during an outage, when it was last known. */
export function chatWords(chat: Chat, outage: IOutage | null = null): string {
  if (isUnknown(chat, outage)) {
    return outage?.since ? `Unknown · last seen ${shortMoment(outage.since)}` : 'Unknown';
  }
  switch (chat.status) {
    case 'queued':
      return chat.place > 0
        ? `Starting · queue place ${chat.place}`
        : `Starting · ${chat.reason || 'in queue'}`;
    case 'starting':
      return 'Starting';
    case 'running':
      return turnWords(chat);
    case 'stopping':
      return 'Stopping';
    case 'exited':
      return chat.exit_code ? `Exited (${chat.exit_code})` : 'Exited';
    case 'failed':
      return 'Failed';
    case 'unknown':
      return 'Unknown';
    case 'deleting':
      return 'Deleting';
  }
}

/** What the agent of a chat that runs is doing, as far as it tells. */
function turnWords(chat: Chat): string {
  const activity = activityOf(chat);
  if (activity === 'waiting') {
    return 'Waiting for you';
  }
  if (activity === 'ready') {
    return 'Ready';
  }
  switch (chat.turn?.status) {
    case 'completed':
      return 'Finished';
    case 'failed':
      return 'Could not go on';
    case 'interrupted':
      return 'Interrupted';
    default:
      return 'Running';
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

/** The state of a project in words, without its snapshot. */
export function projectWords(project: Project): string {
  const { build } = project;
  if (build === null) {
    return project.snapshot ? 'Ready' : 'Not built';
  }
  switch (build.state) {
    case 'queued':
      return 'In queue';
    case 'cloning':
    case 'building':
      return `Building ${Math.round(build.progress * 100)} %`;
    case 'ready':
      return 'Ready';
    case 'failed':
      return 'Failed';
    case 'cancelled':
      return 'Cancelled';
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
