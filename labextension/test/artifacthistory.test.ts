import { expect, test } from 'vitest';

import type { HubApi } from '../src/api';
import { ArtifactHistory } from '../src/artifacthistory';
import { artifact } from './values';

/** An API that knows of three versions of one artifact, and counts who asks. */
function anApi(): { api: HubApi; asked: string[] } {
  const asked: string[] = [];
  const versions = [1, 2, 3].map(version => ({ ...artifact({ version }), artifact: 'a0' }));
  const artifactVersions = (chat: string) => {
    asked.push(chat);
    return Promise.resolve(versions);
  };
  return { api: { artifactVersions } as unknown as HubApi, asked };
}

test('the versions before the newest are asked for once', async () => {
  const { api, asked } = anApi();
  const history = new ArtifactHistory(api);
  const newest = artifact({ id: 'a0', version: 3 });
  const answered = new Promise<void>(resolve => history.changed.connect(() => resolve()));

  expect(history.of(newest).map(({ version }) => version)).toEqual([3]);
  await answered;
  expect(history.of(newest).map(({ version }) => version)).toEqual([1, 2, 3]);
  expect([asked.length, history.revision]).toEqual([1, 1]);
});

test('a version that comes after those that are known is not asked for', () => {
  const { api, asked } = anApi();
  const history = new ArtifactHistory(api);

  for (const version of [1, 2, 3]) {
    history.of(artifact({ id: 'a0', version, turn: version }));
  }
  const found = history.of(artifact({ id: 'a0', version: 3, turn: 3 }));
  expect(found.map(({ version, turn }) => [version, turn])).toEqual([
    [1, 1],
    [2, 2],
    [3, 3]
  ]);
  expect(asked).toEqual([]);
});
