import type { Proposal } from './api';
import type { ProjectValues } from './forms';

/** What of a project's form the hub proposes. */
export type ProposedField = 'base' | 'setup' | 'gpus';

/** A proposal as it is typed. */
function typed(proposal: Proposal): Record<ProposedField, string> {
  const { base, setup, gpus } = proposal;
  return { base, setup, gpus: gpus === null ? '' : String(gpus) };
}

function current(values: ProjectValues): Record<ProposedField, string> {
  return { base: values.base, setup: values.setup, gpus: values.resources.gpus };
}

/**
 * What a proposal fills in: only what nobody has written.
 *
 * @param before - The proposal that it takes the place of, of another branch: what was that one's is nobody's.
 */
export function filledIn(
  values: ProjectValues,
  proposal: Proposal,
  before: Proposal | null
): Partial<ProjectValues> {
  const now = current(values);
  const old = before ? typed(before) : { base: '', setup: '', gpus: '' };
  const next = typed(proposal);
  const taken = (field: ProposedField) => (now[field] === old[field] ? next[field] : now[field]);
  return {
    base: taken('base'),
    setup: taken('setup'),
    resources: { ...values.resources, gpus: taken('gpus') }
  };
}

/** Why a value is proposed; empty where there is no reason, or where it was changed. */
export function proposedReason(
  values: ProjectValues,
  proposal: Proposal | null,
  field: ProposedField
): string {
  const isAsProposed = proposal && current(values)[field] === typed(proposal)[field];
  return isAsProposed ? proposal[`${field}_reason`] : '';
}
