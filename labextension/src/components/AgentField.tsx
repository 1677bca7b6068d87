import React from 'react';

import type { Status } from '../api';
import type { CommonValues, FieldError, ResourceValues } from '../forms';
import { parseTokens, tokens } from '../format';
import { trans } from '../translation';
import { Field } from './Field';
import { Fold } from './Fold';
import { ProposedBadge, Reason } from './Proposed';

interface IAgentFieldProps<T extends CommonValues> {
  values: T;
  status: Status | null;
  errors: readonly FieldError[];
  /** What is used where nothing is chosen, for a chat: what its project says. */
  defaults?: { agent: string; model: string; resources: ResourceValues };
  /** Why as many GPUs are proposed as are written there; empty where they are not. */
  gpuReason?: string;
  onChange: (values: Partial<CommonValues>) => void;
  /** What it may spend. */
  children: React.ReactNode;
}

/** Which agent runs, with which model, on how much of the machine. */
export function AgentField<T extends CommonValues>(props: IAgentFieldProps<T>): JSX.Element {
  const { values, errors, onChange, status, defaults, gpuReason = '' } = props;
  const agents = status?.agents ?? [];
  const gpus = status?.gpus.length ?? 0;
  const title = (name: string) => agents.find(agent => agent.name === name)?.title ?? name;
  const set = (part: Partial<ResourceValues>) =>
    onChange({ resources: { ...values.resources, ...part } });
  const fallback = defaults?.resources ?? { cpus: '', memory: '', gpus: '', pids: null };
  // Without an engine nothing limits an agent.
  const unlimited = status?.engine.isolated
    ? trans.__('nine tenths of the server’s')
    : trans.__('no limit');
  const { cpus, memory, gpus: wanted } = values.resources;
  const budget = parseTokens(values.token_budget);
  const number = Number(wanted || fallback.gpus);
  const summary = [
    title(values.agent || (defaults?.agent ?? '')),
    values.model || defaults?.model,
    (wanted || fallback.gpus) && trans._n('%1 GPU', '%1 GPUs', number),
    (cpus || fallback.cpus) && trans.__('%1 CPU', cpus || fallback.cpus),
    (memory || fallback.memory) && trans.__('%1 GiB', memory || fallback.memory),
    budget !== null && trans.__('%1 tokens', tokens(budget))
  ].filter(Boolean);

  return (
    <Fold
      title={trans.__('Agent and resources')}
      summary={summary.join(' · ')}
      hasError={errors.some(error =>
        /^(agent|model|resources|(chat_)?token_budget)/.test(error.field)
      )}
    >
      {!defaults && (
        <Field label={trans.__('Agent')} field="agent" errors={errors}>
          {control => (
            <select
              {...control}
              value={values.agent}
              onChange={event => onChange({ agent: event.target.value })}
            >
              {agents.map(agent => (
                <option key={agent.name} value={agent.name}>
                  {agent.title}
                </option>
              ))}
            </select>
          )}
        </Field>
      )}
      <Field label={trans.__('Model')} field="model" errors={errors}>
        {control => (
          <input
            {...control}
            type="text"
            spellCheck={false}
            placeholder={defaults?.model || trans.__('the agent’s own default')}
            value={values.model}
            onChange={event => onChange({ model: event.target.value })}
          />
        )}
      </Field>
      <Field label={trans.__('CPU cores')} field="resources.cpus" errors={errors}>
        {control => (
          <input
            {...control}
            type="text"
            inputMode="decimal"
            placeholder={fallback.cpus || unlimited}
            value={cpus}
            onChange={event => set({ cpus: event.target.value })}
          />
        )}
      </Field>
      <Field label={trans.__('Memory, GiB')} field="resources.memory" errors={errors}>
        {control => (
          <input
            {...control}
            type="text"
            inputMode="decimal"
            placeholder={fallback.memory || unlimited}
            value={memory}
            onChange={event => set({ memory: event.target.value })}
          />
        )}
      </Field>
      <Field
        label={trans.__('GPUs')}
        field="resources.gpus"
        errors={errors}
        note={
          <>
            {gpuReason !== '' && (
              <>
                <Reason text={gpuReason} />{' '}
              </>
            )}
            {gpus === 0
              ? trans.__('The engine of this server has no GPU.')
              : trans.__('%1 on this server.', gpus)}
          </>
        }
      >
        {control => (
          <div className="jp-AgentHub-proposable">
            <input
              {...control}
              type="text"
              inputMode="numeric"
              placeholder={fallback.gpus || '0'}
              value={wanted}
              onChange={event => set({ gpus: event.target.value })}
            />
            {gpuReason !== '' && wanted !== '' && <ProposedBadge />}
          </div>
        )}
      </Field>
      {props.children}
    </Fold>
  );
}
