import React, { useId } from 'react';

import type { FieldError } from '../forms';
import { Field } from './Field';

interface ITextFieldProps {
  label: string;
  field: string;
  errors: readonly FieldError[];
  value: string;
  onChange: (value: string) => void;
  placeholder?: string;
  note?: React.ReactNode;
  isSecret?: boolean;
}

/** One line of text, with its label. */
export function TextField(props: ITextFieldProps): JSX.Element {
  // The page's forms stay open beneath a dialog, which may have a field of the same name.
  const scope = useId();
  return (
    <Field
      label={props.label}
      field={props.field}
      errors={props.errors}
      scope={scope}
      note={props.note}
    >
      {control => (
        <input
          {...control}
          type={props.isSecret ? 'password' : 'text'}
          className="jp-mod-styled"
          autoComplete="off"
          spellCheck={false}
          placeholder={props.placeholder}
          value={props.value}
          onChange={event => props.onChange(event.target.value)}
        />
      )}
    </Field>
  );
}
