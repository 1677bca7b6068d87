import { nullTranslator } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';
import { createElement, type FunctionComponent } from 'react';
import { renderToStaticMarkup } from 'react-dom/server';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';

import type { BuildStep, Chat, ChatStatus, TurnStatus } from '../src/api';
import type { IChatContext } from '../src/chatpage/context';
import { BuildHeader } from '../src/components/BuildHeader';
import { BuildSteps } from '../src/components/BuildSteps';
import { ChatForm } from '../src/components/ChatForm';
import { DiscardQuestion } from '../src/components/DiscardQuestion';
import { EmptyChats, EmptyProjects } from '../src/components/Empty';
import { EnvField } from '../src/components/EnvField';
import { GalleryBar } from '../src/components/GalleryBar';
import { GatewayLog } from '../src/components/GatewayLog';
import { MountsField } from '../src/components/MountsField';
import { PanelFooter } from '../src/components/PanelFooter';
import { place, Sentence } from '../src/components/Sentence';
import { SettingsView } from '../src/components/chat/SettingsView';
import { connectionWords } from '../src/connectionstate';
import {
  age,
  ago,
  chatWords,
  delay,
  duration,
  projectWords,
  size,
  tokenWords
} from '../src/format';
import { chatValues, check, projectValues } from '../src/forms';
import type { HubModel } from '../src/model';
import { translateBy } from '../src/translation';
import { summary } from '../src/turns';
import { build, chat, command, message, project, STATUS } from './values';

// What they draw and open needs a browser.
vi.mock('@jupyterlab/ui-components', () => drawn());
vi.mock('@jupyterlab/apputils', () => drawn());
vi.mock('@lumino/widgets', () => drawn());

/** A module in which everything is an icon. */
const drawn = vi.hoisted(() => () => {
  class Icon {
    static readonly react = () => null;
    readonly react = Icon.react;
  }
  return new Proxy({}, { has: () => true, get: (_, name) => (name === 'then' ? undefined : Icon) });
});

const english = nullTranslator.load('');

/** A language in which everything is between brackets. */
const bracketed = {
  ...english,
  __: (text: string, ...values: unknown[]) => `⟦${english.__(text, ...values)}⟧`,
  _n: (one: string, many: string, n: number, ...values: unknown[]) =>
    `⟦${english._n(one, many, n, ...values)}⟧`,
  _p: (context: string, text: string, ...values: unknown[]) =>
    `⟦${english._p(context, text, ...values)}⟧`
};

/** What is outside of all brackets, where it has a letter. */
function leftOver(text: string): string {
  let outside = text;
  for (let before = ''; before !== outside;) {
    before = outside;
    outside = outside.replace(/⟦[^⟦⟧]*⟧/g, '');
  }
  return /\p{L}/u.test(outside) ? outside.trim() : '';
}

const READ = ['title', 'aria-label', 'placeholder', 'alt'];

/** What a person would read of a component that is in no language but English. */
function untranslated<P extends object>(component: FunctionComponent<P>, props: P): string[] {
  const { body } = new DOMParser().parseFromString(
    renderToStaticMarkup(createElement(component, props)),
    'text/html'
  );
  expect(body.innerHTML).toContain('⟦');
  const attributes = [...body.querySelectorAll('*')].flatMap(element =>
    READ.map(name => element.getAttribute(name) ?? '')
  );
  return [body.textContent ?? '', ...attributes].map(leftOver).filter(Boolean);
}

const NOW = new Date().toISOString();

/** Values whose names have no letters, so that every letter is a word of ours. */
const PROJECT = project({ name: '1', created_at: NOW, spares: 2 });
const CHAT = chat({
  name: '2',
  tokens: 41_200,
  token_budget: 200_000,
  commit: '1234567',
  mounts: [{ source: '/1', target: '/2', read_only: true }],
  created_at: NOW,
  started_at: NOW
});
const AGENTS = STATUS.agents.map(agent => ({ ...agent, title: '3' }));
const ENGINE = { ...STATUS.engine, name: '28' };

const model = {
  status: { ...STATUS, agents: AGENTS, engine: ENGINE, gpus: [{}, {}] },
  outage: null,
  connection: 'polling',
  chats: [CHAT],
  projects: [PROJECT],
  chat: () => CHAT,
  project: () => ({ ...PROJECT, branch: '4' }),
  agentTitle: () => '3',
  count: (activity: string) => (activity === 'running' ? 3 : 0)
} as unknown as HubModel;
const commands = { isEnabled: () => true } as unknown as CommandRegistry;

const nothing = () => undefined;
const step = (state: BuildStep['state']): BuildStep => ({
  name: '5',
  state,
  detail: '',
  cached: state === 'done',
  exit_code: state === 'failed' ? 1 : null,
  started_at: null,
  ended_at: null
});

describe('a person’s language', () => {
  beforeAll(() => translateBy({ languageCode: 'xx', load: () => bracketed }));
  afterAll(() => translateBy(null));

  it('is that of what there is before the first project and chat', () => {
    expect(untranslated(EmptyProjects, { commands })).toEqual([]);
    expect(untranslated(EmptyChats, { hasProjects: true, isIsolated: false })).toEqual([]);
    expect(untranslated(PanelFooter, { model, commands })).toEqual([]);
  });

  it('is that of forms, of their parts and of what is wrong in them', () => {
    const values = {
      ...chatValues('p1'),
      mounts: [{ source: '', target: '', read_only: true }],
      env: [{ name: '', value: '1', secret: true, kept: true }],
      resources: { cpus: '2', memory: '8', gpus: '1', pids: null }
    };
    const { status, projects } = model;
    const form = { values, errors: [], status, projects, onChange: nothing };
    // A path is none of a language.
    expect(untranslated(ChatForm, form)).toEqual(['/data', '/data']);
    expect(untranslated(EnvField, { ...values, errors: [], onChange: nothing })).toEqual([]);
    expect(untranslated(MountsField, { mounts: [], errors: [], onChange: nothing })).toEqual([]);
    expect(untranslated(DiscardQuestion, { onKeep: nothing, onDiscard: nothing })).toEqual([]);
    const wrong = check({ ...projectValues(null), ...{ token_budget: '?' } });
    expect(wrong.map(({ field }) => field)).toEqual(['url', 'token_budget']);
    expect(wrong.flatMap(({ message, hint }) => [message, hint]).map(leftOver)).toEqual(
      wrong.flatMap(() => ['', ''])
    );
  });

  it('is that of pages: a build’s, a chat’s settings, the bar of a gallery, the log of the gateway', () => {
    const made = build({
      state: 'failed',
      branch: '6',
      base: '7',
      commit: '1234567',
      started_at: NOW,
      ended_at: NOW,
      steps: (['done', 'failed', 'pending', 'running', 'cancelled'] as const).map(step)
    });
    const header = {
      project: { ...PROJECT, build: made },
      build: made,
      defaultBase: '',
      waiting: 1
    };
    expect(untranslated(BuildHeader, { ...header, now: Date.now(), model, commands })).toEqual([]);
    expect(untranslated(BuildSteps, { build: made, now: 0, onChoose: nothing })).toEqual([]);
    const context = { chat: 'c1', model, commands } as unknown as IChatContext;
    expect(untranslated(SettingsView, { context })).toEqual([]);
    const choice = { query: '', kind: 'all', grouping: 'prompt', all: false } as const;
    const bar = { choice, isList: false, summary: '', onChoose: nothing };
    expect(untranslated(GalleryBar, { ...bar, onList: nothing, onDown: nothing })).toEqual([]);
    expect(untranslated(GatewayLog, { model, requests: null, problem: '' })).toEqual([]);
  });

  it('is that of states, sizes and times', () => {
    const states: Partial<Chat>[] = [
      ...(
        ['queued', 'starting', 'stopping', 'exited', 'failed', 'unknown', 'deleting'] as const
      ).map((status: ChatStatus) => ({ status })),
      ...(['waiting', 'completed', 'failed', 'interrupted', 'running'] as const).map(
        (status: TurnStatus) => ({ turn: { status } as Chat['turn'] })
      )
    ];
    const hours = new Date(Date.now() - 3 * 3_600_000).toISOString();
    const words = [
      ...states.map(state => chatWords(chat(state))),
      ...(['queued', 'building', 'ready', 'failed', 'cancelled'] as const).map(state =>
        projectWords(project({ build: build({ state }) }))
      ),
      ...[1, 1e4, 1e7, 1e10, 1e13].map(size),
      ...[1, 2e4, 2e5, 2e7].map(duration),
      ...[1, 2e4].map(delay),
      age(NOW),
      age(hours),
      ago(hours),
      tokenWords(CHAT),
      summary([command(), message()]),
      ...[...connectionWords(STATUS)].flat()
    ];
    expect(words.filter(word => leftOver(word) !== '')).toEqual([]);
  });

  it('puts the elements of a sentence where it has them', () => {
    const words = `${place(2)} ← ${place(1)}.`;
    const elements = [createElement('b', { key: 1 }, '1'), createElement('i', { key: 2 }, '2')];
    const html = renderToStaticMarkup(createElement(Sentence, { words, children: elements }));
    expect(html).toBe('<i>2</i> ← <b>1</b>.');
  });
});
