import React from 'react';

import type { IChatContext } from '../../chatpage/context';
import { byTurn } from '../../chatpage/published';
import { age } from '../../format';
import { ArtifactRow, ARTIFACT_HEIGHT } from '../ArtifactRow';
import { Tree } from '../Tree';
import { useModel, useNow, useSignalByFrame } from '../hooks';

/** What a chat has published, by the prompt that it was published for. */
export function ArtifactsView(props: { context: IChatContext }): JSX.Element {
  const { model, commands, conversation, chat } = props.context;
  useModel(model, ['artifact', 'chat']);
  useSignalByFrame(conversation.changed);
  const now = useNow(60_000);
  const groups = byTurn(model.artifactsOf(chat), conversation.turns);
  const name = model.chat(chat)?.name ?? '';
  if (groups.length === 0) {
    return (
      <div className="jp-AgentHub-empty">
        <p>Files the agent publishes appear here.</p>
      </div>
    );
  }
  return (
    <div className="jp-AgentHub-sections">
      <div>
        {groups.map(({ turn, artifacts }) => {
          const title = turn ? `[${turn.number}] ${turn.prompt}` : 'Published in no turn';
          return (
            <section key={turn?.number ?? 0} aria-label={title}>
              {(groups.length > 1 || turn) && (
                <h3 className="jp-AgentHub-publishedFor" title={title}>
                  {title}
                </h3>
              )}
              <Tree
                label={title}
                rows={artifacts.map((artifact, index) => ({
                  key: artifact.id,
                  height: ARTIFACT_HEIGHT,
                  draw: place => (
                    <ArtifactRow
                      artifact={artifact}
                      chat={name}
                      age={age(artifact.created_at, now)}
                      query=""
                      place={place}
                      position={index + 1}
                      count={artifacts.length}
                      commands={commands}
                    />
                  )
                }))}
              />
            </section>
          );
        })}
      </div>
    </div>
  );
}
