import type { ReadonlyJSONObject, ReadonlyPartialJSONObject } from '@lumino/coreutils';

/** A command's argument as text; empty where it is none. */
export function text(args: ReadonlyPartialJSONObject, name: string): string {
  const value = args[name];
  return typeof value === 'string' ? value : '';
}

/** A command's argument as texts; none where it is no list. */
export function texts(args: ReadonlyPartialJSONObject, name: string): string[] {
  const value = args[name];
  return Array.isArray(value) ? value.filter(item => typeof item === 'string') : [];
}

/** How a command describes an argument that is a list of texts. */
export function describeList(name: string, description: string): { args: ReadonlyJSONObject } {
  const list = { type: 'array', items: { type: 'string' }, description };
  return { args: { type: 'object', properties: { [name]: list } } };
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
