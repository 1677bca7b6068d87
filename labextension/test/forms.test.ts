import { describe, expect, it } from 'vitest';

import { HubError } from '../src/api';
import {
  chatValues,
  check,
  fieldError,
  newChat,
  newProject,
  projectChange,
  projectValues,
  withoutEmptyRows
} from '../src/forms';
import { project } from './values';

describe('a project’s form', () => {
  it('sends no name where none was given', () => {
    const body = newProject({ ...projectValues(null), url: ' https://host/x.git ' });
    expect(body.url).toBe('https://host/x.git');
    expect('name' in body).toBe(false);
  });

  it('keeps a secret that is not typed again', () => {
    const before = project({ env: [{ name: 'KEY', value: null, secret: true }] });
    expect(projectChange(projectValues(before)).env).toEqual([
      { name: 'KEY', value: null, secret: true }
    ]);
  });

  it('replaces a secret that is typed', () => {
    const values = projectValues(project({ env: [{ name: 'KEY', value: null, secret: true }] }));
    values.env = values.env.map(variable => ({ ...variable, value: 'new' }));
    expect(projectChange(values).env?.[0]?.value).toBe('new');
  });

  it('takes memory in GiB', () => {
    const values = projectValues(null);
    values.resources = { cpus: '1.5', memory: '8', gpus: '', pids: null };
    expect(projectChange(values).resources).toEqual({
      cpus: 1.5,
      memory: 8 * 2 ** 30,
      pids: null,
      gpus: null
    });
  });

  it('leaves out rows that were added and never filled', () => {
    const values = projectValues(null);
    values.mounts = [
      { source: '', target: '', read_only: true },
      { source: '/a', target: '/b', read_only: true }
    ];
    values.env = [{ name: '', value: '', secret: false, kept: false }];
    expect(withoutEmptyRows(values).mounts).toHaveLength(1);
    expect(withoutEmptyRows(values).env).toHaveLength(0);
  });

  it('says itself that a URL is missing and that half a GPU is none', () => {
    const values = projectValues(null);
    values.resources = { cpus: '', memory: '', gpus: '0.5', pids: null };
    expect(check(values).map(error => error.field)).toEqual(['url', 'resources.gpus']);
  });

  it('keeps the budgets that nobody has touched, and lifts the one that was emptied', () => {
    const values = projectValues(project({ token_budget: 5_000_000, chat_token_budget: 1234 }));
    const { token_budget, chat_token_budget } = projectChange({ ...values, token_budget: ' ' });
    expect([token_budget, chat_token_budget]).toEqual([null, 1234]);
    expect(check({ ...values, token_budget: 'many' }).map(error => error.field)).toEqual([
      'token_budget'
    ]);
  });

  it('keeps the limit of processes, which it does not ask for', () => {
    const before = project({ resources: { cpus: 2, memory: null, pids: 100, gpus: null } });
    expect(projectChange(projectValues(before)).resources).toEqual(before.resources);
  });

  it('puts an error of the server at its field', () => {
    const error = new HubError({
      code: 'invalid_input',
      message: 'memory: too little.',
      hint: 'More.',
      details: { field: 'memory' }
    });
    expect(fieldError(error)).toEqual({
      field: 'resources.memory',
      message: 'Too little.',
      hint: 'More.'
    });
  });
});

describe('a chat’s form', () => {
  it('leaves to the project what was left empty', () => {
    expect(newChat({ ...chatValues('p1'), prompt: 'Plot it' })).toEqual({
      project: 'p1',
      prompt: 'Plot it',
      mounts: [],
      env: []
    });
  });

  it('has a budget of its own', () => {
    expect(newChat({ ...chatValues('p1'), token_budget: '500k' }).token_budget).toBe(500_000);
  });
});
