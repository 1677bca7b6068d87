import React, { useEffect, useRef, useState } from 'react';
import type { IEditorServices } from '@jupyterlab/codeeditor';

import { HubError, type HubApi, type RepositoryInfo, type Status } from '../api';
import { fieldError, type FieldError, type ProjectValues } from '../forms';
import { AgentField } from './AgentField';
import { BudgetField } from './BudgetField';
import { EnvField } from './EnvField';
import { Field } from './Field';
import { MountsField } from './MountsField';
import { ScriptEditor } from './ScriptEditor';
import { StatusMark } from './StatusMark';

interface IProjectFormProps {
  values: ProjectValues;
  errors: readonly FieldError[];
  /** A project that is there keeps its URL. */
  isNew: boolean;
  api: HubApi;
  status: Status | null;
  services: IEditorServices;
  onChange: (values: Partial<ProjectValues>) => void;
  /** Take what the repository says. */
  onFound: (values: Partial<ProjectValues>) => void;
  onErrors: (errors: FieldError[]) => void;
}

/** Everything a project is made of. */
export function ProjectForm(props: IProjectFormProps): JSX.Element {
  const { values, errors, status, onChange } = props;
  const [info, setInfo] = useState<RepositoryInfo | null>(null);
  const [isChecking, setChecking] = useState(false);
  const checked = useRef('');
  const latest = useRef(props);
  latest.current = props;

  const look = async () => {
    const { api, values, onErrors, errors } = latest.current;
    const url = values.url.trim();
    if (url === '' || url === checked.current) {
      return;
    }
    checked.current = url;
    setInfo(null);
    setChecking(true);
    const others = errors.filter(error => error.field !== 'url');
    try {
      const found = await api.checkRepository(url);
      if (latest.current.values.url.trim() !== url) {
        return;
      }
      setInfo(found);
      onErrors(others);
      const { name, branch } = latest.current.values;
      latest.current.onFound({
        name: name || found.name,
        // A project that follows the default branch is not changed by being looked at.
        branch:
          !latest.current.isNew || found.branches.includes(branch) ? branch : found.default_branch
      });
    } catch (reason) {
      onErrors([{ ...fieldError(HubError.from(reason)), field: 'url' }, ...others]);
    } finally {
      setChecking(false);
    }
  };

  useEffect(() => {
    void look();
    // A project's repository is looked at once, when its settings open.
  }, []);

  const branches = info?.branches ?? (values.branch ? [values.branch] : []);
  return (
    <div className="jp-AgentHub-form">
      <Field
        label="URL"
        field="url"
        errors={errors}
        note={
          isChecking ? (
            <>
              <StatusMark mark="running" /> Checking…
            </>
          ) : info ? (
            <>
              <StatusMark mark="ready" /> Reachable · {info.branches.length}{' '}
              {info.branches.length === 1 ? 'branch' : 'branches'}
            </>
          ) : (
            props.isNew && 'A Git repository’s address, or a path on this server.'
          )
        }
      >
        {control => (
          <input
            {...control}
            type="text"
            spellCheck={false}
            autoComplete="off"
            readOnly={!props.isNew}
            placeholder="https://github.com/owner/repository.git"
            value={values.url}
            onChange={event => onChange({ url: event.target.value })}
            onBlur={() => void look()}
          />
        )}
      </Field>
      <div className="jp-AgentHub-pair">
        <Field label="Branch" field="branch" errors={errors}>
          {control => (
            <select
              {...control}
              value={values.branch}
              onChange={event => onChange({ branch: event.target.value })}
            >
              {(!info || values.branch === '') && (
                <option value="">{info ? `default (${info.default_branch})` : 'default'}</option>
              )}
              {branches.map(branch => (
                <option key={branch} value={branch}>
                  {branch}
                </option>
              ))}
            </select>
          )}
        </Field>
        <Field label="Name" field="name" errors={errors}>
          {control => (
            <input
              {...control}
              type="text"
              spellCheck={false}
              placeholder="the repository’s"
              value={values.name}
              onChange={event => onChange({ name: event.target.value })}
            />
          )}
        </Field>
      </div>
      <Field
        label="Base image"
        field="base"
        errors={errors}
        note="An image’s tag, or a path in the repository to a Dockerfile or its folder."
      >
        {control => (
          <input
            {...control}
            type="text"
            className="jp-mod-code"
            spellCheck={false}
            placeholder={status?.default_base}
            value={values.base}
            onChange={event => onChange({ base: event.target.value })}
          />
        )}
      </Field>
      <Field
        label="Setup script"
        field="setup"
        errors={errors}
        note={
          <>
            Runs once in <code>/workspace</code>; the result is the snapshot every chat starts from.
          </>
        }
      >
        {control => (
          <ScriptEditor
            control={control}
            label="Setup script"
            value={values.setup}
            services={props.services}
            onChange={setup => onChange({ setup })}
          />
        )}
      </Field>
      <MountsField
        mounts={values.mounts}
        errors={errors}
        onChange={mounts => onChange({ mounts })}
      />
      <EnvField env={values.env} errors={errors} onChange={env => onChange({ env })} />
      <AgentField values={values} status={status} errors={errors} onChange={onChange}>
        <BudgetField
          label="Token budget"
          field="token_budget"
          note="Most tokens of a model that all its chats together may take, such as 5M."
          value={values.token_budget}
          errors={errors}
          onChange={token_budget => onChange({ token_budget })}
        />
        <BudgetField
          label="Of each chat"
          field="chat_token_budget"
          note="Most that one of its chats may take, such as 500k; a chat can be given another."
          value={values.chat_token_budget}
          errors={errors}
          onChange={chat_token_budget => onChange({ chat_token_budget })}
        />
      </AgentField>
    </div>
  );
}
