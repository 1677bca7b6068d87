import React from 'react';

import type { FieldError } from '../forms';

/** How a control is tied to its label and its error. */
export interface ControlProps {
  id: string;
  'data-field': string;
  'aria-invalid': boolean;
  'aria-describedby': string | undefined;
}

export function errorOf(errors: readonly FieldError[], field: string): FieldError | undefined {
  return errors.find(error => error.field === field);
}

/**
 * The attributes of the control of a field.
 *
 * @param scope - Tells forms apart that are open at once.
 */
export function controlProps(
  errors: readonly FieldError[],
  field: string,
  scope = ''
): ControlProps {
  const id = `agent-hub-field-${scope}${field.replaceAll('.', '-')}`;
  const isWrong = errorOf(errors, field) !== undefined;
  return {
    id,
    'data-field': field,
    'aria-invalid': isWrong,
    'aria-describedby': isWrong ? `${id}-error` : undefined
  };
}

/** What is wrong, and what to do. */
export function FieldProblem(props: {
  errors: readonly FieldError[];
  field: string;
  scope?: string;
}): JSX.Element | null {
  const error = errorOf(props.errors, props.field);
  if (!error) {
    return null;
  }
  const { id } = controlProps(props.errors, props.field, props.scope);
  return (
    <p id={`${id}-error`} className="jp-AgentHub-problem">
      <strong>{error.message}</strong> {error.hint}
    </p>
  );
}

interface IFieldProps {
  label: string;
  field: string;
  errors: readonly FieldError[];
  /** Tells forms apart that are open at once. */
  scope?: string;
  /** Said under the control while nothing is wrong. */
  note?: React.ReactNode;
  children: (control: ControlProps) => React.ReactNode;
}

/** A label, its control, and what is to be said about it. */
export function Field(props: IFieldProps): JSX.Element {
  const { errors, field, scope } = props;
  const control = controlProps(errors, field, scope);
  return (
    <div className="jp-AgentHub-field">
      <label htmlFor={control.id}>{props.label}</label>
      <div className="jp-AgentHub-control">
        {props.children(control)}
        <FieldProblem errors={errors} field={field} scope={scope} />
        {!errorOf(errors, field) && props.note && <p className="jp-AgentHub-note">{props.note}</p>}
      </div>
    </div>
  );
}
