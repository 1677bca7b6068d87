/** The most elements that are drawn, each as often as it is used. */
const ELEMENTS = 200_000;

/** How deep elements may be in others, and what is used in what is used. */
const DEPTH = 500;

/** The most steps of all filters together. */
const STEPS = 30;

const REFERENCE = /url\(\s*["']?#([^"')\s]+)/g;

/**
 * Whether an SVG would take so long to be drawn that the page stood still meanwhile.
 *
 * What is used ten times, in what is used ten times, is drawn without end by a few hundred bytes: a picture runs no
 * script, but in the page's own process.
 */
export function isIntricateDrawing(text: string): boolean {
  const drawing = new DOMParser().parseFromString(text, 'image/svg+xml');
  const named = new Map([...drawing.querySelectorAll('[id]')].map(one => [one.id, one]));
  const known = new Map<Element, number>();

  const weigh = (element: Element, depth: number): number => {
    const before = known.get(element);
    if (before !== undefined) {
      return before;
    }
    if (depth > DEPTH) {
      return Infinity;
    }
    // What is within itself is not drawn.
    known.set(element, 0);
    let sum = 1;
    for (const part of [...element.children, ...used(element)]) {
      sum += weigh(part, depth + 1);
    }
    known.set(element, sum);
    return sum;
  };

  const used = (element: Element): Element[] => {
    const names = [...element.attributes].flatMap(({ localName, value }) =>
      localName === 'href'
        ? [value.slice(1)]
        : [...value.matchAll(REFERENCE)].map(([, name = '']) => name)
    );
    return names.map(name => named.get(name)).filter(one => one !== undefined);
  };

  return (
    drawing.querySelectorAll('filter > *').length > STEPS ||
    weigh(drawing.documentElement, 0) > ELEMENTS
  );
}
