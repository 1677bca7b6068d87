/**
 * A text with what cannot be seen written out, as `‹U+202E›`.
 *
 * A person answers for what they read: what turns text makes a command look like another one.
 *
 * @param kept - What is left as it is, of what cannot be seen.
 */
export function visible(text: string, kept = '\n\t'): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, character =>
    kept.includes(character)
      ? character
      : `‹U+${character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}›`
  );
}
