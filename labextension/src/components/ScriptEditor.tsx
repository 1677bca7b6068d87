import React, { useEffect, useRef } from 'react';
import { CodeEditor, type IEditorServices } from '@jupyterlab/codeeditor';

import type { ControlProps } from './Field';

interface IScriptEditorProps {
  control: ControlProps;
  label: string;
  value: string;
  services: IEditorServices;
  onChange: (value: string) => void;
}

/** Lab's own editor for a shell script; Tab leaves it, as it does every field of a form. */
export function ScriptEditor(props: IScriptEditorProps): JSX.Element {
  const host = useRef<HTMLDivElement>(null);
  const source = useRef<CodeEditor.IModel['sharedModel'] | null>(null);
  const latest = useRef(props);
  latest.current = props;

  useEffect(() => {
    const { services, value, label } = latest.current;
    const model = new CodeEditor.Model({ mimeType: 'text/x-sh' });
    model.sharedModel.setSource(value);
    source.current = model.sharedModel;
    const editor = services.factoryService.newInlineEditor({
      host: host.current!,
      model,
      config: { lineNumbers: true, lineWrap: true }
    });
    host.current!.querySelector('[role="textbox"]')?.setAttribute('aria-label', label);
    const slot = () => latest.current.onChange(model.sharedModel.getSource());
    model.sharedModel.changed.connect(slot);
    return () => {
      model.sharedModel.changed.disconnect(slot);
      editor.dispose();
      model.dispose();
    };
  }, []);

  useEffect(() => {
    // What was not typed here: a proposal.
    if (source.current && source.current.getSource() !== props.value) {
      source.current.setSource(props.value);
    }
  }, [props.value]);

  // The editor would indent with it, and Esc, the usual way out of an editor, closes the dialog.
  const onKeyDownCapture = (event: React.KeyboardEvent) => {
    if (event.key === 'Tab') {
      event.stopPropagation();
    }
  };

  return (
    <div
      {...props.control}
      ref={host}
      className="jp-AgentHub-script"
      role="group"
      aria-label={props.label}
      onKeyDownCapture={onKeyDownCapture}
    />
  );
}
