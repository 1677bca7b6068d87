import React, { useState } from 'react';
import { addIcon, closeIcon } from '@jupyterlab/ui-components';

import type { EnvValue, FieldError } from '../forms';
import { eyeIcon } from '../icons';
import { trans } from '../translation';
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
  const summary = [
    trans._n('%1 variable', '%1 variables', env.length),
    ...(secrets ? [trans._n('%1 secret', '%1 secrets', secrets)] : [])
  ];
  const change = (index: number, part: Partial<EnvValue>) =>
    onChange(env.map((variable, at) => (at === index ? { ...variable, ...part } : variable)));

  return (
    <Fold
      title={trans.__('Environment')}
      summary={env.length === 0 ? trans.__('None') : summary.join(', ')}
      hasError={errors.some(error => error.field.startsWith('env'))}
      isOpen={env.length > 0}
    >
      {env.length > 0 && (
        <div className="jp-AgentHub-rows jp-mod-env" aria-hidden="true">
          <span>{trans.__('Name')}</span>
          <span>{trans.__('Value')}</span>
          <span>{trans.__('Secret')}</span>
        </div>
      )}
      {env.map((variable, index) => (
        <React.Fragment key={index}>
          <div className="jp-AgentHub-rows jp-mod-env">
            <input
              {...controlProps(errors, `env.${index}.name`)}
              type="text"
              className="jp-mod-code"
              aria-label={trans.__('Variable %1: name', index + 1)}
              placeholder={trans.__('NAME')}
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
                aria-label={trans.__('Variable %1: value', index + 1)}
                placeholder={variable.kept && variable.secret ? trans.__('kept as it is') : ''}
                spellCheck={false}
                value={variable.value}
                onChange={event => change(index, { value: event.target.value })}
              />
              {variable.secret && variable.value !== '' && (
                <IconButton
                  icon={eyeIcon}
                  label={shown === index ? trans.__('Hide value') : trans.__('Show value')}
                  pressed={shown === index}
                  onClick={() => setShown(shown === index ? null : index)}
                />
              )}
            </span>
            <input
              type="checkbox"
              aria-label={trans.__('Variable %1: secret', index + 1)}
              checked={variable.secret}
              onChange={event => change(index, { secret: event.target.checked })}
            />
            <IconButton
              icon={closeIcon}
              label={trans.__('Remove variable %1', index + 1)}
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
        {trans.__('Add variable')}
      </button>
    </Fold>
  );
}
