import React from 'react';
import type { IEditorServices } from '@jupyterlab/codeeditor';

import type { HubApi, Status } from '../api';
import type { FieldError, ProjectValues } from '../forms';
import { proposedReason } from '../proposals';
import { trans } from '../translation';
import { AgentField } from './AgentField';
import { BudgetField } from './BudgetField';
import { EnvField } from './EnvField';
import { Field } from './Field';
import { MountsField } from './MountsField';
import { ProposedBadge, Reason } from './Proposed';
import { RepositoryField, type IFolder } from './RepositoryField';
import { useRepositoryLook } from './repositorylook';
import { ScriptEditor } from './ScriptEditor';
import { place, Sentence } from './Sentence';
import { StatusMark } from './StatusMark';

/** Where a repository is in a container. */
const WORKSPACE = '/workspace';

interface IProjectFormProps {
  values: ProjectValues;
  errors: readonly FieldError[];
  /** A project that is there keeps its URL. */
  isNew: boolean;
  api: HubApi;
  status: Status | null;
  services: IEditorServices;
  /** The folder that is shown in the file browser. */
  folder?: IFolder;
  onChange: (values: Partial<ProjectValues>) => void;
  /** Take what the repository says. */
  onFound: (values: Partial<ProjectValues>) => void;
  onErrors: (errors: FieldError[]) => void;
}

/** Everything a project is made of. */
export function ProjectForm(props: IProjectFormProps): JSX.Element {
  const { values, errors, status, onChange } = props;
  const { info, isChecking, proposal, isReading, failure, look, choose } = useRepositoryLook(props);
  const branches = info?.branches ?? (values.branch ? [values.branch] : []);
  const reasons = {
    base: proposedReason(values, proposal, 'base'),
    setup: proposedReason(values, proposal, 'setup'),
    gpus: proposedReason(values, proposal, 'gpus')
  };
  return (
    <div className="jp-AgentHub-form">
      <RepositoryField
        url={values.url}
        errors={errors}
        isNew={props.isNew}
        folder={props.folder}
        isChecking={isChecking}
        info={info}
        onChange={url => onChange({ url })}
        onNamed={look}
        onFolder={choose}
      />
      <div className="jp-AgentHub-pair">
        <Field label={trans.__('Branch')} field="branch" errors={errors}>
          {control => (
            <select
              {...control}
              value={values.branch}
              onChange={event => onChange({ branch: event.target.value })}
            >
              {(!info || values.branch === '') && (
                <option value="">
                  {info ? trans.__('default (%1)', info.default_branch) : trans.__('default')}
                </option>
              )}
              {branches.map(branch => (
                <option key={branch} value={branch}>
                  {branch}
                </option>
              ))}
            </select>
          )}
        </Field>
        <Field label={trans.__('Name')} field="name" errors={errors}>
          {control => (
            <input
              {...control}
              type="text"
              spellCheck={false}
              placeholder={trans.__('the repository’s')}
              value={values.name}
              onChange={event => onChange({ name: event.target.value })}
            />
          )}
        </Field>
      </div>
      <Field
        label={trans.__('Base image')}
        field="base"
        errors={errors}
        note={
          isReading ? (
            <>
              <StatusMark mark="running" /> {trans.__('Reading what it needs…')}
            </>
          ) : reasons.base !== '' ? (
            <Reason text={reasons.base} />
          ) : failure !== '' ? (
            trans.__('Nothing is proposed: %1', failure)
          ) : (
            trans.__('An image’s tag, or a path in the repository to a Dockerfile or its folder.')
          )
        }
      >
        {control => (
          <div className="jp-AgentHub-proposable">
            <input
              {...control}
              type="text"
              className="jp-mod-code"
              spellCheck={false}
              placeholder={status?.default_base}
              value={values.base}
              onChange={event => onChange({ base: event.target.value })}
            />
            {reasons.base !== '' && <ProposedBadge />}
          </div>
        )}
      </Field>
      <Field
        label={trans.__('Setup script')}
        field="setup"
        errors={errors}
        note={
          <>
            {reasons.setup !== '' && (
              <>
                <Reason text={reasons.setup} />{' '}
              </>
            )}
            <Sentence
              words={trans.__(
                'Runs once in %1; the result is the snapshot every chat starts from.',
                place(1)
              )}
            >
              <code>{WORKSPACE}</code>
            </Sentence>
          </>
        }
      >
        {control => (
          <div className="jp-AgentHub-proposable">
            <ScriptEditor
              control={control}
              label={trans.__('Setup script')}
              value={values.setup}
              services={props.services}
              onChange={setup => onChange({ setup })}
            />
            {reasons.setup !== '' && values.setup !== '' && <ProposedBadge />}
          </div>
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
        gpuReason={reasons.gpus}
        onChange={onChange}
      >
        <BudgetField
          label={trans.__('Token budget')}
          field="token_budget"
          note={trans.__(
            'Most tokens of a model that all its chats together may take, such as 5M.'
          )}
          value={values.token_budget}
          errors={errors}
          onChange={token_budget => onChange({ token_budget })}
        />
        <BudgetField
          label={trans.__('Of each chat')}
          field="chat_token_budget"
          note={trans.__(
            'Most that one of its chats may take, such as 500k; a chat can be given another.'
          )}
          value={values.chat_token_budget}
          errors={errors}
          onChange={chat_token_budget => onChange({ chat_token_budget })}
        />
      </AgentField>
    </div>
  );
}
