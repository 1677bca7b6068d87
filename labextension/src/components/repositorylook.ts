import { useEffect, useRef, useState } from 'react';

import { HubError, type HubApi, type Proposal, type RepositoryInfo } from '../api';
import { fieldError, type FieldError, type ProjectValues } from '../forms';
import { filledIn } from '../proposals';

interface IRepositoryLookProps {
  values: ProjectValues;
  errors: readonly FieldError[];
  /** Of a project that is there, nothing is proposed. */
  isNew: boolean;
  api: HubApi;
  onChange: (values: Partial<ProjectValues>) => void;
  onFound: (values: Partial<ProjectValues>) => void;
  onErrors: (errors: FieldError[]) => void;
}

/** What is known of the repository that a form names. */
interface IRepositoryLook {
  /** `null` until it was reached. */
  info: RepositoryInfo | null;
  isChecking: boolean;
  /** `null` until it was read. */
  proposal: Proposal | null;
  isReading: boolean;
  /** Why nothing is proposed; empty where that is no failure. */
  failure: string;
  /** Look at the repository, where that was not done. */
  look: () => void;
  /** Take the repository of a folder of the file browser. */
  choose: (folder: string) => void;
}

/** Look at the repository that a form names, and fill in what it says and what the hub proposes for it. */
export function useRepositoryLook(props: IRepositoryLookProps): IRepositoryLook {
  const [info, setInfo] = useState<RepositoryInfo | null>(null);
  const [isChecking, setChecking] = useState(false);
  const [proposal, setProposal] = useState<Proposal | null>(null);
  const [isReading, setReading] = useState(false);
  const [failure, setFailure] = useState('');
  const checked = useRef('');
  const read = useRef('');
  const reading = useRef<AbortController | null>(null);
  const latest = useRef(props);
  latest.current = props;
  const known = useRef<Proposal | null>(null);
  known.current = proposal;

  const refuse = (reason: unknown) => {
    const { errors, onErrors } = latest.current;
    const others = errors.filter(error => error.field !== 'url');
    onErrors([{ ...fieldError(HubError.from(reason)), field: 'url' }, ...others]);
  };

  const look = async () => {
    const url = latest.current.values.url.trim();
    if (url === '' || url === checked.current) {
      return;
    }
    checked.current = url;
    reading.current?.abort();
    setInfo(null);
    setChecking(true);
    try {
      const found = await latest.current.api.checkRepository(url);
      if (latest.current.values.url.trim() !== url) {
        return;
      }
      setInfo(found);
      const { errors, values, isNew, onErrors, onFound } = latest.current;
      onErrors(errors.filter(error => error.field !== 'url'));
      onFound({
        name: values.name || found.name,
        // A project that follows the default branch is not changed by being looked at.
        branch:
          !isNew || found.branches.includes(values.branch) ? values.branch : found.default_branch
      });
    } catch (reason) {
      refuse(reason);
    } finally {
      setChecking(false);
    }
  };

  const propose = async (url: string, branch: string) => {
    reading.current?.abort();
    const controller = new AbortController();
    reading.current = controller;
    setReading(true);
    setFailure('');
    try {
      const found = await latest.current.api.propose(url, branch, controller.signal);
      if (!controller.signal.aborted) {
        latest.current.onFound(filledIn(latest.current.values, found, known.current));
        setProposal(found);
      }
    } catch (reason) {
      if (!controller.signal.aborted) {
        setFailure(HubError.from(reason).message);
      }
    } finally {
      if (reading.current === controller) {
        setReading(false);
      }
    }
  };

  const choose = async (folder: string) => {
    setChecking(true);
    try {
      const { url } = await latest.current.api.repositoryOfFolder(folder);
      latest.current.onChange({ url });
      latest.current = { ...latest.current, values: { ...latest.current.values, url } };
    } catch (reason) {
      setChecking(false);
      refuse(reason);
      return;
    }
    await look();
  };

  const acts = useRef({ look, propose });
  acts.current = { look, propose };
  useEffect(() => {
    // A project's repository is looked at once, when its settings open.
    void acts.current.look();
    return () => reading.current?.abort();
  }, []);

  const url = props.values.url.trim();
  const { branch } = props.values;
  const isFound = info !== null && props.isNew && url === checked.current;
  const isThere = isFound && (branch === '' || info.branches.includes(branch));
  useEffect(() => {
    // Another branch may need something else.
    const wanted = JSON.stringify([url, branch]);
    if (isThere && wanted !== read.current) {
      read.current = wanted;
      void acts.current.propose(url, branch);
    }
  }, [isThere, url, branch]);

  return {
    info,
    isChecking,
    proposal: isFound ? proposal : null,
    isReading,
    failure,
    look: () => void look(),
    choose: folder => void choose(folder)
  };
}
