import { TabBar, type Widget } from '@lumino/widgets';
import { h, type VirtualElement } from '@lumino/virtualdom';

/** Tabs that say how much is behind them. */
export class CountingTabRenderer extends TabBar.Renderer {
  override renderLabel(data: TabBar.IRenderData<Widget>): VirtualElement {
    const { label, dataset } = data.title;
    const count = dataset.count ?? '';
    return h.div(
      { className: 'lm-TabBar-tabLabel' },
      // Read aloud, it is no part of the word.
      h.span({ className: 'jp-AgentHub-tabWord' }, count === '' ? label : `${label} `),
      count === '' ? null : h.span({ className: 'jp-AgentHub-tabCount' }, count)
    );
  }
}
