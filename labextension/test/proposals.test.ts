import { describe, expect, it } from 'vitest';

import type { Proposal } from '../src/api';
import { projectValues, type ProjectValues } from '../src/forms';
import { filledIn, proposedReason } from '../src/proposals';

const PROPOSAL: Proposal = {
  commit: 'c0ffee',
  base: 'python:3.11-bookworm',
  base_reason: '`.python-version` asks for Python 3.11.',
  setup: 'pip install -e .',
  setup_reason: '`pyproject.toml` makes it a package.',
  gpus: 1,
  gpus_reason: '`pyproject.toml` asks for torch.'
};

const typed = (change: Partial<ProjectValues> = {}): ProjectValues => ({
  ...projectValues(null),
  ...change
});

describe('a proposal', () => {
  it('fills in what nobody has written', () => {
    const values = typed({ resources: { cpus: '2', memory: '', gpus: '', pids: null } });
    expect(filledIn(values, PROPOSAL, null)).toEqual({
      base: 'python:3.11-bookworm',
      setup: 'pip install -e .',
      resources: { cpus: '2', memory: '', gpus: '1', pids: null }
    });
  });

  it('leaves what a person wrote, and takes the place of what another branch proposed', () => {
    const values = { ...typed(), ...filledIn(typed(), PROPOSAL, null), setup: 'make' };
    const next = { ...PROPOSAL, base: '', setup: 'npm ci', gpus: null };
    expect(filledIn(values, next, PROPOSAL)).toEqual({
      base: '',
      setup: 'make',
      resources: { cpus: '', memory: '', gpus: '', pids: null }
    });
  });

  it('is told with its reason until the value is changed', () => {
    const values = { ...typed(), ...filledIn(typed(), PROPOSAL, null) };
    expect(proposedReason(values, PROPOSAL, 'base')).toBe(PROPOSAL.base_reason);
    expect(proposedReason({ ...values, base: 'debian' }, PROPOSAL, 'base')).toBe('');
    expect(proposedReason({ ...values, base: 'debian' }, PROPOSAL, 'gpus')).toBe(
      PROPOSAL.gpus_reason
    );
    expect(proposedReason(values, null, 'setup')).toBe('');
  });
});
