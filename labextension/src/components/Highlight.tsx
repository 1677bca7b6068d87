import React from 'react';

/** A text with what was searched for marked. */
export function Highlight(props: { text: string; query: string }): JSX.Element {
  const { text, query } = props;
  const at = query === '' ? -1 : text.toLowerCase().indexOf(query.toLowerCase());
  if (at < 0) {
    return <>{text}</>;
  }
  return (
    <>
      {text.slice(0, at)}
      <mark>{text.slice(at, at + query.length)}</mark>
      {text.slice(at + query.length)}
    </>
  );
}
