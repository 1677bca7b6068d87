import React, { useState } from 'react';

import type { HubModel } from '../model';
import { trans } from '../translation';
import { errorOf } from './Field';
import { Fold } from './Fold';
import { place, Sentence } from './Sentence';
import { useSubmission } from './submission';
import { TextField } from './TextField';

const PUBLIC = 'https://github.com';

/** What addresses and tokens look like. */
const ENTERPRISE = 'https://github.example.com';
const TOKEN = 'github_pat_…';

interface IFormProps {
  model: HubModel;
  /** The GitHub that was connected before; empty for github.com. */
  url: string;
  onDone: () => void;
  onCancel?: () => void;
  /** Asks before what is connected is replaced. */
  confirm?: (url: string) => Promise<boolean>;
}

/** A personal token. */
export function TokenForm(props: IFormProps): JSX.Element {
  const { model, onDone, confirm } = props;
  const [token, setToken] = useState('');
  const [url, setUrl] = useState(props.url);
  const { form, errors, isBusy, submit } = useSubmission(
    ['token', 'url'],
    async () => {
      await model.api.connectGitHub({ token, url });
      setToken('');
      onDone();
    },
    confirm && (() => confirm(url.trim().replace(/\/+$/, '') || PUBLIC))
  );
  return (
    <form ref={form} className="jp-AgentHub-form jp-AgentHub-keyForm" onSubmit={submit}>
      <TextField
        label={confirm ? trans.__('New token') : trans.__('Token')}
        field="token"
        errors={errors}
        isSecret
        placeholder={TOKEN}
        note={
          <>
            <Sentence
              words={trans.__(
                '%1 for the repositories of your projects, which may read and write Contents (Metadata comes with it).',
                place(1)
              )}
            >
              <a
                href={`${url.trim().replace(/\/+$/, '') || PUBLIC}/settings/personal-access-tokens/new`}
                target="_blank"
                rel="noreferrer"
              >
                {trans.__('Make a fine-grained one')}
              </a>
            </Sentence>
          </>
        }
        value={token}
        onChange={setToken}
      />
      <GitHubAddress errors={errors} value={url} onChange={setUrl} />
      <Actions
        label={confirm ? trans.__('Replace') : trans.__('Connect')}
        busy={trans.__('Asking GitHub…')}
        isBusy={isBusy}
        isEnabled={token.trim() !== '' && model.outage?.kind !== 'hub'}
        onCancel={props.onCancel}
      />
    </form>
  );
}

/** A GitHub App of the person's own, which GitHub makes from what the hub says it needs. */
export function AppForm(props: IFormProps): JSX.Element {
  const { model, onDone, confirm } = props;
  const [organization, setOrganization] = useState('');
  const [url, setUrl] = useState(props.url);
  const { form, errors, isBusy, submit } = useSubmission(
    ['organization', 'url'],
    async () => {
      // Now, while the browser sees that the person has asked for it; the form that GitHub is sent follows.
      const tab = window.open('about:blank', TAB);
      if (!tab) {
        throw new Error(
          trans.__('The browser has blocked the new tab. Allow pop-ups for this page.')
        );
      }
      try {
        const { action, manifest } = await model.api.makeApp(url, organization);
        post(action, { manifest });
      } catch (reason) {
        // Else it would stay in front, blank, with what is wrong behind it.
        tab.close();
        throw reason;
      }
      onDone();
    },
    confirm && (() => confirm(url.trim().replace(/\/+$/, '') || PUBLIC))
  );
  return (
    <form ref={form} className="jp-AgentHub-form jp-AgentHub-keyForm" onSubmit={submit}>
      <TextField
        label={trans.__('Organization')}
        field="organization"
        errors={errors}
        placeholder={trans.__('optional')}
        note={trans.__('Whose App it becomes; leave empty for your own account.')}
        value={organization}
        onChange={setOrganization}
      />
      <GitHubAddress errors={errors} value={url} onChange={setUrl} />
      <Actions
        label={trans.__('Make the App on GitHub')}
        busy={trans.__('Preparing…')}
        isBusy={isBusy}
        isEnabled={model.outage?.kind !== 'hub'}
        onCancel={props.onCancel}
      />
    </form>
  );
}

const TAB = 'agent-hub-github-app';

/** Post values as a form does, in the tab of that name. */
function post(action: string, values: Record<string, string>): void {
  const form = document.createElement('form');
  Object.assign(form, { method: 'post', action, target: TAB });
  for (const [name, value] of Object.entries(values)) {
    form.append(Object.assign(document.createElement('input'), { type: 'hidden', name, value }));
  }
  document.body.append(form);
  form.submit();
  form.remove();
}

function GitHubAddress(props: {
  errors: React.ComponentProps<typeof TextField>['errors'];
  value: string;
  onChange: (value: string) => void;
}): JSX.Element {
  return (
    <Fold
      title={trans.__('GitHub Enterprise')}
      summary={props.value.trim().replace(/^https?:\/\//, '') || trans.__('not used')}
      hasError={errorOf(props.errors, 'url') !== undefined}
      isOpen={props.value !== ''}
    >
      <TextField
        label={trans.__('Address')}
        field="url"
        placeholder={ENTERPRISE}
        note={trans.__('Leave empty for github.com.')}
        {...props}
      />
    </Fold>
  );
}

function Actions(props: {
  label: string;
  busy: string;
  isBusy: boolean;
  isEnabled: boolean;
  onCancel: (() => void) | undefined;
}): JSX.Element {
  return (
    <div className="jp-AgentHub-keyActions">
      <button
        type="submit"
        className="jp-AgentHub-primary"
        disabled={props.isBusy || !props.isEnabled}
      >
        {props.isBusy ? props.busy : props.label}
      </button>
      {props.onCancel && (
        <button type="button" className="jp-AgentHub-plain" onClick={props.onCancel}>
          {trans.__('Cancel')}
        </button>
      )}
    </div>
  );
}
