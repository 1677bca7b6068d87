import type { ReadonlyJSONObject, ReadonlyPartialJSONObject } from '@lumino/coreutils';

/** A command's argument as text; empty where it is none. */
export function text(args: ReadonlyPartialJSONObject, name: string): string {
  const value = args[name];
  return typeof value === 'string' ? value : '';
}

/** How a command describes arguments that are all text. */
export function describe(properties: Record<string, string>): { args: ReadonlyJSONObject } {
  const entries = Object.entries(properties).map(([name, description]) => [
    name,
    { type: 'string', description }
  ]);
  return {
    args: { type: 'object', properties: Object.fromEntries(entries) as ReadonlyJSONObject }
  };
}
