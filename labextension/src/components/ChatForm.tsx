import React from 'react';

import type { Project, Status } from '../api';
import { projectValues, type ChatValues, type FieldError } from '../forms';
import { trans } from '../translation';
import { AgentField } from './AgentField';
import { BudgetField } from './BudgetField';
import { EnvField } from './EnvField';
import { Field } from './Field';
import { MountsField } from './MountsField';

interface IChatFormProps {
  values: ChatValues;
  errors: readonly FieldError[];
  projects: readonly Project[];
  status: Status | null;
  onChange: (values: Partial<ChatValues>) => void;
}

/** A chat that differs from what its project says. */
export function ChatForm(props: IChatFormProps): JSX.Element {
  const { values, errors, status, projects, onChange } = props;
  const project = projects.find(found => found.id === values.project) ?? null;
  const defaults = projectValues(project);
  return (
    <div className="jp-AgentHub-form">
      <div className="jp-AgentHub-pair">
        <Field label={trans.__('Project')} field="project" errors={errors}>
          {control => (
            <select
              {...control}
              value={values.project}
              onChange={event => onChange({ project: event.target.value })}
            >
              {projects.map(found => (
                <option key={found.id} value={found.id}>
                  {found.name}
                </option>
              ))}
            </select>
          )}
        </Field>
        <Field label={trans.__('Agent')} field="agent" errors={errors}>
          {control => (
            <select
              {...control}
              value={values.agent || defaults.agent}
              onChange={event => onChange({ agent: event.target.value })}
            >
              {(status?.agents ?? []).map(agent => (
                <option key={agent.name} value={agent.name}>
                  {agent.title}
                </option>
              ))}
            </select>
          )}
        </Field>
      </div>
      <Field label={trans.__('Name')} field="name" errors={errors}>
        {control => (
          <input
            {...control}
            type="text"
            placeholder={trans.__('made from the first prompt')}
            value={values.name}
            onChange={event => onChange({ name: event.target.value })}
          />
        )}
      </Field>
      <Field label={trans.__('First prompt')} field="prompt" errors={errors}>
        {control => (
          <textarea
            {...control}
            rows={4}
            placeholder={trans.__(
              'What should the agent do? It can also be typed in the terminal.'
            )}
            value={values.prompt}
            onChange={event => onChange({ prompt: event.target.value })}
          />
        )}
      </Field>
      <MountsField
        mounts={values.mounts}
        errors={errors}
        onChange={mounts => onChange({ mounts })}
      />
      <EnvField env={values.env} errors={errors} onChange={env => onChange({ env })} />
      <AgentField
        values={values}
        status={status}
        errors={errors}
        defaults={defaults}
        onChange={onChange}
      >
        <BudgetField
          label={trans.__('Token budget')}
          field="token_budget"
          note={trans.__('Most tokens of a model that it may take, such as 500k.')}
          placeholder={defaults.chat_token_budget}
          value={values.token_budget}
          errors={errors}
          onChange={token_budget => onChange({ token_budget })}
        />
      </AgentField>
      <p className="jp-AgentHub-note">
        {trans.__(
          'Mounts and variables are added to the project’s; what is left empty is the project’s.'
        )}
      </p>
    </div>
  );
}
