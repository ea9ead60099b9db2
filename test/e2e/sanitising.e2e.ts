import { type StoredScore, storedScore } from '../sanitising/stored';
import { describeLoki, LOKI, reportSkipped } from './support/loki';

let score: StoredScore;

beforeAll(async () => {
  if (LOKI) {
    score = await storedScore();
  }
});
afterAll(reportSkipped);

describeLoki('the corpus of secrets, through the agent into Loki', (check) => {
  check('leaves no secret in a line, a label or structured metadata', async () => {
    expect(score.secrets).toBeGreaterThanOrEqual(200);
    expect(score.leaking).toEqual([]);
  });

  check('keeps 99 of 100 look-alikes', async () => {
    expect(score.lookAlikes).toBeGreaterThanOrEqual(200);
    expect(score.changed.length).toBeLessThanOrEqual(score.lookAlikes / 100);
  });

  check('is counted by kind', async () => {
    const kinds = [
      'api_key',
      'authorization',
      'card',
      'cookie',
      'email',
      'iban',
      'password',
      'phone',
      'private_key',
      'token',
    ];
    expect([...score.counted.keys()].sort()).toEqual(kinds);
  });

  check('makes no statement of the agent fail', async () => {
    expect(score.complaints).toEqual([]);
  });
});
