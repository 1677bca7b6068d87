import React from 'react';
import { ReactWidget } from '@jupyterlab/apputils';

import type { IGalleryContext } from './components/ArtifactGallery';
import { ArtifactsPage } from './components/ArtifactsPage';
import { artifactIcon } from './icons';
import type { HubModel, IHubChange } from './model';
import { trans } from './translation';

/** The gallery of a chat's files, or of all chats', as the content of a tab. */
export class ArtifactsPageWidget extends ReactWidget {
  /** @param chat - Its id; null: all chats. */
  constructor(
    readonly chat: string | null,
    private readonly _context: IGalleryContext
  ) {
    super();
    this.addClass('jp-AgentHub');
    this.title.icon = artifactIcon;
    _context.model.changed.connect(this._onChanged, this);
    this._update();
  }

  override dispose(): void {
    this._context.model.changed.disconnect(this._onChanged, this);
    super.dispose();
  }

  protected override render(): JSX.Element {
    return <ArtifactsPage chat={this.chat} {...this._context} />;
  }

  private _onChanged(_: HubModel, { kind, id }: IHubChange): void {
    if (kind === 'all' || id === this.chat) {
      this._update();
    }
  }

  private _update(): void {
    const { title, chat } = this;
    const name = chat === null ? '' : this._context.model.chat(chat)?.name;
    title.label = name ? trans.__('Artifacts: %1', name) : trans.__('Artifacts');
    title.caption = name
      ? trans.__('What %1 has published', name)
      : trans.__('What all chats have published');
  }
}
