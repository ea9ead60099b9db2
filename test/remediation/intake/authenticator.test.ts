import { Authenticator } from '../../../remediation/intake/authenticator';
import { KubernetesError } from '../../../remediation/kubernetes';
import { MemoryKubernetes } from '../../../testing/memory-kubernetes';
import { NOW } from '../sample';
import { pass, standStill } from '../support/clock';

standStill();

const AUDIENCE = 'remediation-webhook';
const ALERTMANAGER = 'system:serviceaccount:sightedit-monitoring:alertmanager';

let api: MemoryKubernetes;
let authenticator: Authenticator;
/** How often the API server was asked. */
let reviews: { token: string; audiences: readonly string[] }[];
/** What the API server says of tokens; it knows one. */
let statusOf: (token: string) => object;

beforeEach(() => {
  api = new MemoryKubernetes();
  authenticator = new Authenticator(api, AUDIENCE, [ALERTMANAGER, 'system:serviceaccount:other:alertmanager']);
  reviews = [];
  statusOf = (token) => (token === 'good' ? accepted(ALERTMANAGER) : { error: 'invalid bearer token' });
  api.tokenReview = (spec) => {
    reviews.push(spec);
    return statusOf(spec.token);
  };
});

const accepted = (username: string, audiences = [AUDIENCE]) => ({
  ...{ authenticated: true, user: { username }, audiences },
});
const verdictOn = async (authorization: string | undefined) => (await authenticator.verify(authorization)).kind;
/** A token as a ServiceAccount has it, which says when it ends. */
const tokenUntil = (exp: unknown) => `e30.${Buffer.from(JSON.stringify({ exp })).toString('base64url')}.c2ln`;
const secondsFromNow = (seconds: number) => NOW.getTime() / 1000 + seconds;

describe('A sender', () => {
  it('with the token of a permitted ServiceAccount is accepted, by a TokenReview for the audience', async () => {
    expect(await authenticator.verify('Bearer good')).toEqual({ kind: 'accepted', subject: ALERTMANAGER });
    expect(reviews).toEqual([{ token: 'good', audiences: [AUDIENCE] }]);
  });

  it.each(['Bearer good', 'bearer good', 'BEARER good'])(
    'is accepted however the scheme is written: %s',
    async (header) => {
      expect(await verdictOn(header)).toBe('accepted');
    },
  );

  it.each([
    ...[undefined, '', 'Bearer', 'Bearer ', 'good', 'Basic good', 'Bearer  good', 'Bearer good good', ' Bearer good'],
    ...['Bearer göod', 'Bearer good\n', 'Bearer\tgood', `Bearer ${'x'.repeat(16_385)}`, 'xBearer good'],
  ])('without a token is unknown, without a TokenReview: %j', async (header) => {
    expect(await verdictOn(header)).toBe('unknown');
    expect(reviews).toEqual([]);
  });

  it('may have a token as long as 16384 characters', async () => {
    await verdictOn(`Bearer ${'x'.repeat(16_384)}`);
    expect(reviews).toHaveLength(1);
  });

  it.each<[string, object]>([
    ['that the API server does not know', { error: 'invalid bearer token' }],
    ['that is not authenticated', { ...accepted(ALERTMANAGER), authenticated: false }],
    ['for another audience', accepted(ALERTMANAGER, ['https://kubernetes.default.svc'])],
    ['for no audience', { authenticated: true, user: { username: ALERTMANAGER } }],
    ['of nobody', { authenticated: true, audiences: [AUDIENCE] }],
    ['of somebody without a name', { authenticated: true, user: {}, audiences: [AUDIENCE] }],
  ])('with a token %s is unknown', async (_what, status) => {
    statusOf = () => status;
    expect(await authenticator.verify('Bearer good')).toEqual({
      kind: 'unknown',
      message: expect.stringContaining(AUDIENCE),
    });
  });

  it('with a token for several audiences is accepted when this is one of them', async () => {
    statusOf = () => accepted(ALERTMANAGER, ['other', AUDIENCE]);
    expect(await verdictOn('Bearer good')).toBe('accepted');
  });

  it.each([
    'system:serviceaccount:sightedit-monitoring:default',
    'system:serviceaccount:sightedit-monitoring:alertmanager2',
    'system:serviceaccount:sightedit-monitoring',
    'system:admin',
  ])('who is %s may not notify', async (username) => {
    statusOf = () => accepted(username);
    expect(await authenticator.verify('Bearer good')).toEqual({
      kind: 'forbidden',
      message: `${username} may not notify`,
    });
  });

  it('cannot be authenticated while the API server does not answer', async () => {
    const recover = api.failOn(() => new KubernetesError(503, '', 'busy'));
    await expect(authenticator.verify('Bearer good')).rejects.toThrow('busy');
    recover();
    expect(await verdictOn('Bearer good')).toBe('accepted');
  });
});

describe('A verdict', () => {
  it('is cached for a minute', async () => {
    await verdictOn('Bearer good');
    await pass(59.999);
    await verdictOn('Bearer good');
    expect(reviews).toHaveLength(1);
    await pass(0.001);
    await verdictOn('Bearer good');
    expect(reviews).toHaveLength(2);
  });

  it('follows the revocation of a token after a minute', async () => {
    expect(await verdictOn('Bearer good')).toBe('accepted');
    statusOf = () => ({ error: 'the token was revoked' });
    await pass(59);
    expect(await verdictOn('Bearer good')).toBe('accepted');
    await pass(1);
    expect(await verdictOn('Bearer good')).toBe('unknown');
  });

  it('that rejects a sender is cached for a minute, too', async () => {
    statusOf = () => accepted('system:admin');
    expect(await verdictOn('Bearer good')).toBe('forbidden');
    statusOf = () => accepted(ALERTMANAGER);
    expect(await verdictOn('Bearer good')).toBe('forbidden');
    await pass(60);
    expect(await verdictOn('Bearer good')).toBe('accepted');
  });

  it('applies to one token only', async () => {
    await verdictOn('Bearer good');
    expect(await verdictOn('Bearer other')).toBe('unknown');
    expect(reviews.map(({ token }) => token)).toEqual(['good', 'other']);
  });

  it('is not cached longer than the token is valid', async () => {
    const token = tokenUntil(secondsFromNow(10));
    statusOf = () => accepted(ALERTMANAGER);
    expect(await verdictOn(`Bearer ${token}`)).toBe('accepted');
    statusOf = () => ({ error: 'the token has expired' });
    await pass(9);
    expect(await verdictOn(`Bearer ${token}`)).toBe('accepted');
    await pass(1);
    expect(await verdictOn(`Bearer ${token}`)).toBe('unknown');
  });

  it('is cached for a minute when the token is valid longer', async () => {
    const token = tokenUntil(secondsFromNow(3600));
    await verdictOn(`Bearer ${token}`);
    await pass(59);
    await verdictOn(`Bearer ${token}`);
    expect(reviews).toHaveLength(1);
    await pass(1);
    await verdictOn(`Bearer ${token}`);
    expect(reviews).toHaveLength(2);
  });

  it.each([
    'good',
    'a.b.c',
    'a..c',
    tokenUntil(undefined),
    tokenUntil(0),
    `a.${Buffer.from('null').toString('base64url')}.c`,
  ])('is cached for a minute when the token has no expiry: %s', async (token) => {
    await verdictOn(`Bearer ${token}`);
    await pass(59);
    await verdictOn(`Bearer ${token}`);
    expect(reviews).toHaveLength(1);
  });

  it('is dropped from a full cache: a flood of tokens takes no memory', async () => {
    await verdictOn('Bearer good');
    for (let index = 1; index < 100; index += 1) {
      await verdictOn(`Bearer flood-${index}`);
    }
    await verdictOn('Bearer good');
    expect(reviews).toHaveLength(100);
    await verdictOn('Bearer one-more');
    await verdictOn('Bearer good');
    expect(reviews).toHaveLength(102);
    await verdictOn('Bearer one-more');
    expect(reviews).toHaveLength(102);
  });
});
