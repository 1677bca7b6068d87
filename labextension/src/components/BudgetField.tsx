import React from 'react';

import type { FieldError } from '../forms';
import { trans } from '../translation';
import { Field } from './Field';

interface IBudgetFieldProps {
  label: string;
  field: 'token_budget' | 'chat_token_budget';
  note: string;
  placeholder?: string;
  value: string;
  errors: readonly FieldError[];
  onChange: (value: string) => void;
}

/** Most tokens of a model that may be taken. */
export function BudgetField(props: IBudgetFieldProps): JSX.Element {
  return (
    <Field label={props.label} field={props.field} errors={props.errors} note={props.note}>
      {control => (
        <input
          {...control}
          type="text"
          spellCheck={false}
          placeholder={props.placeholder || trans.__('no limit')}
          value={props.value}
          onChange={event => props.onChange(event.target.value)}
        />
      )}
    </Field>
  );
}
