import { Dialog, showDialog } from '@jupyterlab/apputils';

interface IQuestion {
  title: string;
  /** What is lost, and for whom. */
  body: string;
  /** The word on the button that does it. */
  accept: string;
}

/** Ask before something is lost. */
export async function confirmed({ title, body, accept }: IQuestion): Promise<boolean> {
  const { button } = await showDialog({
    title,
    body,
    buttons: [Dialog.cancelButton(), Dialog.warnButton({ label: accept })]
  });
  return button.accept;
}
