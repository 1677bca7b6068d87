import type { ParquetParsers } from 'hyparquet';

/** The longest value that is shown in a cell, in characters. */
const LONGEST = 200;

/** The first bytes of a value that is no text. */
const BYTES = 32;

const DAY = 86_400_000;

const UTF8 = new TextDecoder('utf-8', { fatal: true });

/** How values are taken from their bytes, as words: also those that are no moment at all. */
export const PARSERS: Partial<ParquetParsers> = {
  dateFromDays: days => moment(days * DAY).slice(0, 10),
  timestampFromMilliseconds: millis => moment(Number(millis)),
  timestampFromMicroseconds: micros => moment(Number(micros / 1000n)),
  timestampFromNanoseconds: nanos => moment(Number(nanos / 1_000_000n)),
  stringFromBytes: bytes => text(bytes)
};

/** Bytes as text, where they are any: not every writer says which columns are. */
function text(bytes: Uint8Array | undefined): string | Uint8Array | undefined {
  try {
    return bytes && UTF8.decode(bytes);
  } catch (reason) {
    if (reason instanceof TypeError) {
      return bytes;
    }
    throw reason;
  }
}

/** A moment as pandas has it: `2026-01-31 12:00:00.5`. */
function moment(milliseconds: number): string {
  const date = new Date(milliseconds);
  if (Number.isNaN(date.getTime())) {
    return String(milliseconds);
  }
  return date
    .toISOString()
    .replace('T', ' ')
    .replace(/(\.\d*?)0*Z$/, '$1')
    .replace(/\.$/, '');
}

/** A value in few words; null where there is none. */
export function valueOf(value: unknown): string | null {
  if (value === null || value === undefined) {
    return null;
  }
  if (value instanceof Uint8Array) {
    const hex = [...value.subarray(0, BYTES)].map(byte => byte.toString(16).padStart(2, '0'));
    return `0x${hex.join('')}${value.length > BYTES ? '…' : ''}`;
  }
  const words = typeof value === 'string' ? value : wordsOf(value);
  return words.length > LONGEST ? `${words.slice(0, LONGEST)}…` : words;
}

/** What no text is in the form of JSON, but for what that has no form for. */
function wordsOf(value: unknown): string {
  const plainly = plain('', value);
  return typeof plainly === 'string' ? plainly : JSON.stringify(value, plain);
}

/** What JSON has no form for, as text. */
function plain(_: string, value: unknown): unknown {
  if (value instanceof Uint8Array) {
    return valueOf(value);
  }
  if (typeof value === 'bigint') {
    return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
  }
  return typeof value === 'number' && !Number.isFinite(value) ? String(value) : value;
}
