import { runCampaign } from '../../scripts/attack/campaign';

/** A short campaign of `npm run attack`, with a fixed seed. */

const SEED = 20_261_201;
const SECONDS = 24;

it('The webhook holds its invariants under a random attack, and repairs meanwhile', async () => {
  const { violations, moves, changes } = await runCampaign({ seed: SEED, seconds: SECONDS });
  expect(violations).toEqual([]);
  // A campaign that changes nothing would prove nothing.
  expect([...changes.values()].reduce((sum, count) => sum + count, 0)).toBeGreaterThan(0);
  expect([...moves.keys()]).toEqual(
    expect.arrayContaining(['an alert fires', 'a forged record', 'a rewritten status', 'a false alert']),
  );
}, 600_000);
