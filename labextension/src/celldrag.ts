import { MimeData } from '@lumino/coreutils';
import { Drag } from '@lumino/dragdrop';

import type { CellMaker, NotebookTarget } from './notebooktarget';

/** What Lab's notebooks take as cells. */
const CELLS = 'application/vnd.jupyter.cells';

/** How far the pointer moves before a press is a drag, in pixels. */
const THRESHOLD = 5;

/** Wait whether a press becomes a drag, which drops a cell into a notebook. */
export function watchDrag(
  press: { clientX: number; clientY: number },
  image: HTMLElement,
  notebooks: NotebookTarget,
  make: CellMaker
): void {
  const stop = () => {
    document.removeEventListener('mousemove', onMove, true);
    document.removeEventListener('mouseup', stop, true);
  };
  const onMove = (event: MouseEvent) => {
    const { clientX, clientY } = event;
    if (Math.hypot(clientX - press.clientX, clientY - press.clientY) >= THRESHOLD) {
      stop();
      void drag(clientX, clientY, image, notebooks, make);
    }
  };
  document.addEventListener('mousemove', onMove, true);
  document.addEventListener('mouseup', stop, true);
}

async function drag(
  x: number,
  y: number,
  image: HTMLElement,
  notebooks: NotebookTarget,
  make: CellMaker
): Promise<void> {
  const mimeData = new MimeData();
  mimeData.setData(CELLS, []);
  const dragImage = image.cloneNode(true) as HTMLElement;
  dragImage.classList.add('jp-AgentHub-dragImage');
  const moving = new Drag({
    mimeData,
    dragImage,
    proposedAction: 'copy',
    supportedActions: 'copy'
  });
  // Only now is it known into which notebook it goes, and so how the file is reached from there.
  const fill = (event: Event) => {
    const path = event.target instanceof Node ? notebooks.at(event.target) : null;
    if (path !== null) {
      mimeData.setData(CELLS, [
        { cell_type: 'code', source: make(path), metadata: {}, outputs: [], execution_count: null }
      ]);
    }
  };
  document.addEventListener('lm-drop', fill, true);
  try {
    await moving.start(x, y);
  } finally {
    document.removeEventListener('lm-drop', fill, true);
    moving.dispose();
  }
}
