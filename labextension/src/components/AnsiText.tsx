import React from 'react';
import Anser from 'anser';

/** A line of a program's output, with its colours. */
export function AnsiText(props: { text: string }): JSX.Element {
  const { text } = props;
  if (!text.includes('\u001b')) {
    return <>{text}</>;
  }
  const parts = Anser.ansiToJson(text, { use_classes: true, remove_empty: true });
  return (
    <>
      {parts.map((part, index) => (
        <span key={index} className={classes(part)} style={trueColours(part)}>
          {part.content}
        </span>
      ))}
    </>
  );
}

function classes(part: Anser.AnserJsonEntry): string {
  const names = part.decorations.map(name => `ansi-${name}`);
  if (part.fg && part.fg !== 'ansi-truecolor') {
    names.push(`${part.fg}-fg`);
  }
  if (part.bg && part.bg !== 'ansi-truecolor') {
    names.push(`${part.bg}-bg`);
  }
  return names.join(' ');
}

function trueColours(part: Anser.AnserJsonEntry): React.CSSProperties {
  const style: React.CSSProperties = {};
  if (part.fg === 'ansi-truecolor' && part.fg_truecolor) {
    style.color = `rgb(${part.fg_truecolor})`;
  }
  if (part.bg === 'ansi-truecolor' && part.bg_truecolor) {
    style.backgroundColor = `rgb(${part.bg_truecolor})`;
  }
  return style;
}
