import { ReactWidget, type LabIcon } from '@jupyterlab/ui-components';
import type { Message } from '@lumino/messaging';

/** A part of a chat's page that is drawn by React. */
export class PartWidget extends ReactWidget {
  constructor(label: string, icon: LabIcon, draw: () => JSX.Element) {
    super();
    this.addClass('jp-AgentHub');
    this.addClass('jp-AgentHub-part');
    this.title.label = label;
    this.title.icon = icon;
    this._draw = draw;
  }

  protected override onAfterShow(msg: Message): void {
    super.onAfterShow(msg);
    this.update();
  }

  protected override render(): JSX.Element | null {
    // What nobody has looked at costs nothing.
    this._wasSeen ||= this.isVisible;
    return this._wasSeen ? this._draw() : null;
  }

  private _wasSeen = false;
  private readonly _draw: () => JSX.Element;
}
