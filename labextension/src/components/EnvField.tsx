import React, { useState } from 'react';
import { addIcon, closeIcon } from '@jupyterlab/ui-components';

import type { EnvValue, FieldError } from '../forms';
import { count } from '../format';
import { eyeIcon } from '../icons';
import { controlProps, FieldProblem } from './Field';
import { Fold } from './Fold';
import { useRowFocus } from './hooks';
import { IconButton } from './IconButton';

interface IEnvFieldProps {
  env: EnvValue[];
  errors: readonly FieldError[];
  onChange: (env: EnvValue[]) => void;
}

/** Environment variables; the value of a secret one is masked, and not told again once it was stored. */
export function EnvField(props: IEnvFieldProps): JSX.Element {
  const { env, errors, onChange } = props;
  const add = useRowFocus(env.length);
  const [shown, setShown] = useState<number | null>(null);
  const secrets = env.filter(variable => variable.secret).length;
  const summary = [count(env.length, 'variable'), ...(secrets ? [count(secrets, 'secret')] : [])];
  const change = (index: number, part: Partial<EnvValue>) =>
    onChange(env.map((variable, at) => (at === index ? { ...variable, ...part } : variable)));

  return (
    <Fold
      title="Environment"
      summary={env.length === 0 ? 'None' : summary.join(', ')}
      hasError={errors.some(error => error.field.startsWith('env'))}
      isOpen={env.length > 0}
    >
      {env.length > 0 && (
        <div className="jp-AgentHub-rows jp-mod-env" aria-hidden="true">
          <span>Name</span>
          <span>Value</span>
          <span>Secret</span>
        </div>
      )}
      {env.map((variable, index) => (
        <React.Fragment key={index}>
          <div className="jp-AgentHub-rows jp-mod-env">
            <input
              {...controlProps(errors, `env.${index}.name`)}
              type="text"
              className="jp-mod-code"
              aria-label={`Variable ${index + 1}: name`}
              placeholder="NAME"
              spellCheck={false}
              value={variable.name}
              onChange={event => change(index, { name: event.target.value })}
            />
            <span className="jp-AgentHub-secret">
              <input
                {...controlProps(errors, `env.${index}.value`)}
                type={variable.secret && shown !== index ? 'password' : 'text'}
                autoComplete="off"
                className="jp-mod-code"
                aria-label={`Variable ${index + 1}: value`}
                placeholder={variable.kept && variable.secret ? 'kept as it is' : ''}
                spellCheck={false}
                value={variable.value}
                onChange={event => change(index, { value: event.target.value })}
              />
              {variable.secret && variable.value !== '' && (
                <IconButton
                  icon={eyeIcon}
                  label={shown === index ? 'Hide value' : 'Show value'}
                  pressed={shown === index}
                  onClick={() => setShown(shown === index ? null : index)}
                />
              )}
            </span>
            <input
              type="checkbox"
              aria-label={`Variable ${index + 1}: secret`}
              checked={variable.secret}
              onChange={event => change(index, { secret: event.target.checked })}
            />
            <IconButton
              icon={closeIcon}
              label={`Remove variable ${index + 1}`}
              onClick={() => onChange(env.filter((_, at) => at !== index))}
            />
          </div>
          <FieldProblem errors={errors} field={`env.${index}`} />
          <FieldProblem errors={errors} field={`env.${index}.name`} />
          <FieldProblem errors={errors} field={`env.${index}.value`} />
        </React.Fragment>
      ))}
      <FieldProblem errors={errors} field="env" />
      <button
        ref={add}
        type="button"
        className="jp-AgentHub-plain"
        onClick={() => onChange([...env, { name: '', value: '', secret: false, kept: false }])}
      >
        <addIcon.react tag="span" />
        Add variable
      </button>
    </Fold>
  );
}
