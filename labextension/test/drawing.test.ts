import { describe, expect, it } from 'vitest';

import { isIntricateDrawing } from '../src/drawing';

function drawing(content: string): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink">${content}</svg>`;
}

/** Each is what the one before is, ten times. */
function tenfold(levels: number, use: (name: string) => string): string {
  const groups = Array.from(
    { length: levels },
    (_, level) => `<g id="a${level + 1}">${use(`a${level}`).repeat(10)}</g>`
  );
  return drawing(`<g id="a0"><rect/></g>${groups.join('')}`);
}

describe('a drawing that a page can draw', () => {
  it('is not one that unfolds', () => {
    for (const use of [
      (name: string) => `<use href="#${name}"/>`,
      (name: string) => `<use xlink:href="#${name}"/>`,
      (name: string) => `<rect fill="url(#${name})"/>`,
      (name: string) => `<rect style="mask: url('#${name}')"/>`
    ]) {
      expect(isIntricateDrawing(tenfold(8, use))).toBe(true);
      expect(isIntricateDrawing(tenfold(2, use))).toBe(false);
    }
    const chain = Array.from(
      { length: 1000 },
      (_, n) => `<g id="a${n}"><use href="#a${n + 1}"/></g>`
    );
    expect(isIntricateDrawing(drawing(chain.join('')))).toBe(true);
  });

  it('has a few filters at most', () => {
    expect(isIntricateDrawing(drawing(`<filter>${'<feTurbulence/>'.repeat(31)}</filter>`))).toBe(
      true
    );
    expect(isIntricateDrawing(drawing(`<filter>${'<feGaussianBlur/>'.repeat(3)}</filter>`))).toBe(
      false
    );
  });

  it('may use itself, or be none at all', () => {
    expect(isIntricateDrawing(drawing('<g id="a"><use href="#a"/></g>'))).toBe(false);
    expect(isIntricateDrawing('no drawing')).toBe(false);
  });

  it('may hold what charts do', () => {
    const glyphs = '<use xlink:href="#g" x="1"/>'.repeat(1000);
    expect(isIntricateDrawing(drawing(`<defs><path id="g"/></defs>${glyphs}`))).toBe(false);
  });
});
