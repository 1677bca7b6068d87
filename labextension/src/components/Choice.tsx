import React from 'react';

export interface IOption<T extends string> {
  value: T;
  label: string;
  /** Why it cannot be chosen; empty where it can. */
  blocked?: string;
}

interface IChoiceProps<T extends string> {
  label: string;
  options: readonly IOption<T>[];
  value: T;
  onChange: (value: T) => void;
  isEnabled?: boolean;
}

/** One of a few, side by side. */
export function Choice<T extends string>(props: IChoiceProps<T>): JSX.Element {
  const { options, value, onChange, isEnabled = true } = props;
  return (
    <span className="jp-AgentHub-choice" role="group" aria-label={props.label}>
      {options.map(option => (
        <button
          key={option.value}
          type="button"
          aria-pressed={option.value === value}
          disabled={!isEnabled || Boolean(option.blocked)}
          title={option.blocked || undefined}
          onClick={() => onChange(option.value)}
        >
          {option.label}
        </button>
      ))}
    </span>
  );
}
