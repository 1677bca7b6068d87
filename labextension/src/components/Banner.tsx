import React from 'react';

import { StatusMark } from './StatusMark';

interface IBannerProps {
  kind: 'error' | 'warning';
  title: string;
  children?: React.ReactNode;
}

/** Something that has to be known before anything else in its panel. */
export function Banner(props: IBannerProps): JSX.Element {
  return (
    <div className={`jp-AgentHub-banner jp-mod-${props.kind}`} role="status">
      <StatusMark mark={props.kind === 'error' ? 'failed' : 'warning'} />
      <div>
        <strong>{props.title}</strong>
        {props.children}
      </div>
    </div>
  );
}
