import { Signal, type ISignal } from '@lumino/signaling';
import type { IDisposable } from '@lumino/disposable';

import type { LogEvent, LogLine } from './api';
import type { EventStream, HubEvent } from './stream';

/** The log of a project's newest build, as far as it came. */
export class BuildLog implements IDisposable {
  constructor(stream: EventStream, project: string) {
    this._stream = stream;
    this.project = project;
    stream.event.connect(this._onEvent, this);
    this._subscription = stream.subscribe(project);
  }

  readonly project: string;

  get lines(): readonly LogLine[] {
    return this._lines;
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get isDisposed(): boolean {
    return this._subscription.isDisposed;
  }

  /** The log as text, with the colours' escape codes left out. */
  get text(): string {
    return this._lines.map(line => `${line.time} ${withoutColours(line.text)}\n`).join('');
  }

  /** Forget the lines of an earlier build and ask for those of the newest. */
  restart(): void {
    this._lines = [];
    this._changed.emit();
    this._stream.resubscribe(this.project);
  }

  dispose(): void {
    this._stream.event.disconnect(this._onEvent, this);
    this._subscription.dispose();
    Signal.clearData(this);
  }

  private _onEvent(_: EventStream, event: HubEvent): void {
    if (event.type === 'log' && event.project === this.project) {
      this._lines = merge(this._build === event.build ? this._lines : [], event);
      this._build = event.build;
      this._changed.emit();
    }
  }

  private readonly _stream: EventStream;
  private readonly _subscription: IDisposable;
  private readonly _changed = new Signal<this, void>(this);
  private _lines: LogLine[] = [];
  private _build = '';
}

/** Lines that came twice, as they do after the socket was opened anew, are kept once. */
function merge(lines: LogLine[], event: LogEvent): LogLine[] {
  return event.offset >= lines.length
    ? lines.concat(event.lines)
    : lines.slice(0, event.offset).concat(event.lines);
}

/** A line without the escape codes that colour it. */
export function withoutColours(text: string): string {
  // eslint-disable-next-line no-control-regex
  return text.replace(/\u001b\[[0-9;?]*[A-Za-z]/g, '');
}
