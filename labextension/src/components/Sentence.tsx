import React from 'react';

/** What stands for an element in a sentence; Unicode keeps this character for it. */
const OBJECT = '\uFFFC';

/** What a translation is given in the place of an element: of the first child of a `Sentence`, the second… */
export function place(child: number): string {
  return `${OBJECT}${child}`;
}

interface ISentenceProps {
  /** The sentence, translated as a whole, with the places of its elements. */
  words: string;
  children: React.ReactNode;
}

/** A sentence with elements in it, which are where its language puts them. */
export function Sentence({ words, children }: ISentenceProps): JSX.Element {
  const elements = React.Children.toArray(children);
  const parts = words.split(new RegExp(`${OBJECT}(\\d)`));
  return <>{parts.map((part, index) => (index % 2 ? elements[Number(part) - 1] : part))}</>;
}
