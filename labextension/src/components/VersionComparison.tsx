import React from 'react';

import type { ArtifactVersion } from '../api';
import { trans } from '../translation';

interface IVersionComparisonProps {
  /** The other versions, oldest first. */
  versions: readonly ArtifactVersion[];
  /** The one that is compared with, or would be. */
  other: number;
  isOn: boolean;
  /** Compare with a version; null: show the file again. */
  onCompare: (version: number | null) => void;
}

/** With which of its versions a file is compared, if with any. */
export function VersionComparison(props: IVersionComparisonProps): JSX.Element {
  const { versions, other, isOn, onCompare } = props;
  return (
    <>
      {isOn && versions.length > 1 && (
        <select
          className="jp-AgentHub-select"
          aria-label={trans.__('Compare with')}
          value={other}
          onChange={event => onCompare(Number(event.target.value))}
        >
          {[...versions].reverse().map(({ version }) => (
            <option key={version} value={version}>
              {trans.__('with version %1', version)}
            </option>
          ))}
        </select>
      )}
      {/* One button for both, so that the focus stays where it is. */}
      <button
        type="button"
        className="jp-AgentHub-link"
        onClick={() => onCompare(isOn ? null : other)}
      >
        {isOn ? trans.__('Show the file') : trans.__('Compare with version %1', other)}
      </button>
    </>
  );
}
