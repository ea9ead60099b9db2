import { Authenticator } from '../../../remediation/intake/authenticator';
import { TooManyFlights } from '../../../remediation/intake/flights';
import { KubernetesError } from '../../../remediation/kubernetes';
import { MemoryKubernetes } from '../../../testing/memory-kubernetes';
import { NOW } from '../sample';
import { idle, pass, standStill } from '../support/clock';
import { tokenOf } from '../support/tokens';

standStill();

const AUDIENCE = 'remediation-webhook';
const ALERTMANAGER = 'system:serviceaccount:sightedit-monitoring:alertmanager';
const OTHER = 'system:serviceaccount:other:alertmanager';

const secondsFromNow = (seconds: number) => NOW.getTime() / 1000 + seconds;
/** A token as a ServiceAccount has it, with claims that differ. */
const claiming = (claims: object = {}) =>
  tokenOf({ aud: [AUDIENCE], sub: ALERTMANAGER, exp: secondsFromNow(3600), ...claims });
const GOOD = claiming();
/** Any number of other tokens. */
const tokenNumber = (number: number) => claiming({ jti: `${number}` });
const bearer = (token: string) => `Bearer ${token}`;

let api: MemoryKubernetes;
let authenticator: Authenticator;
/** How often the API server was asked. */
let reviews: { token: string; audiences: readonly string[] }[];
/** What the API server says of tokens; it knows one. */
let statusOf: (token: string) => object;

beforeEach(() => {
  api = new MemoryKubernetes();
  authenticator = new Authenticator({ first: api, again: api }, AUDIENCE, [ALERTMANAGER, OTHER]);
  reviews = [];
  statusOf = (token) => (token === GOOD ? accepted(ALERTMANAGER) : { error: 'invalid bearer token' });
  api.tokenReview = (spec) => {
    reviews.push(spec);
    return statusOf(spec.token);
  };
});

const accepted = (username: string, audiences = [AUDIENCE]) => ({
  ...{ authenticated: true, user: { username }, audiences },
});
const verdictOn = async (authorization: string | undefined) => (await authenticator.verify(authorization)).kind;
describe('A sender', () => {
  it('with the token of a permitted ServiceAccount is accepted, by a TokenReview for the audience', async () => {
    expect(await authenticator.verify(bearer(GOOD))).toEqual({ kind: 'accepted', subject: ALERTMANAGER });
    expect(reviews).toEqual([{ token: GOOD, audiences: [AUDIENCE] }]);
  });

  it.each(['Bearer', 'bearer', 'BEARER'])('is accepted however the scheme is written: %s', async (scheme) => {
    expect(await verdictOn(`${scheme} ${GOOD}`)).toBe('accepted');
  });

  it.each([
    ...[undefined, '', 'Bearer', 'Bearer ', GOOD, `Basic ${GOOD}`, `Bearer  ${GOOD}`, `Bearer ${GOOD} ${GOOD}`],
    ...[` Bearer ${GOOD}`, `Bearer ö${GOOD}`, `Bearer ${GOOD}\n`, `Bearer\t${GOOD}`, `xBearer ${GOOD}`],
  ])('without a token is unknown, without a TokenReview: %j', async (header) => {
    expect(await verdictOn(header)).toBe('unknown');
    expect(reviews).toEqual([]);
  });

  it('may have a token as long as 16384 characters, and no longer', async () => {
    const fill = (length: number) => GOOD.padEnd(length, 'x');
    await verdictOn(bearer(fill(16_385)));
    expect(reviews).toEqual([]);
    await verdictOn(bearer(fill(16_384)));
    expect(reviews).toHaveLength(1);
  });

  it.each<[string, string]>([
    ['no JSON Web Token', 'good'],
    ['random bytes', 'Zm9v.YmFy'],
    ['two parts', 'a.b'],
    ['four parts', `${GOOD}.more`],
    ['an empty signature', GOOD.replace(/[^.]*$/, '')],
    ['a part that is not base64url', GOOD.replace('.c2ln', '.c2+n')],
    ['claims that are not JSON', 'e30.e30x.c2ln'],
    ['claims that are null', tokenOf(null)],
    ['another audience', claiming({ aud: ['https://kubernetes.default.svc'] })],
    ['no audience', claiming({ aud: undefined })],
    ['an audience that contains this one', claiming({ aud: `${AUDIENCE}-2` })],
    ['no subject', claiming({ sub: undefined })],
    ['an empty subject', claiming({ sub: '' })],
    ['a subject of great length', claiming({ sub: 'x'.repeat(513) })],
    ['no expiry', claiming({ exp: undefined })],
    ['an expiry that is text', claiming({ exp: '4102444800' })],
    ['an expiry an hour ago', claiming({ exp: secondsFromNow(-3600) })],
    ['an expiry as long ago as clocks may differ', claiming({ exp: secondsFromNow(-300) })],
  ])('whose token is, or claims, %s is unknown, without a TokenReview', async (_what, token) => {
    statusOf = () => accepted(ALERTMANAGER);
    expect(await verdictOn(bearer(token))).toBe('unknown');
    expect(reviews).toEqual([]);
  });

  it.each<[string, string]>([
    ['as text', claiming({ aud: AUDIENCE })],
    ['among others', claiming({ aud: ['other', AUDIENCE] })],
    ['and an expiry by a clock that differs by minutes', claiming({ exp: secondsFromNow(-299) })],
  ])('whose token claims the audience %s is reviewed', async (_what, token) => {
    await verdictOn(bearer(token));
    expect(reviews).toHaveLength(1);
  });

  it('whose token claims a subject that may not notify is forbidden, without a TokenReview', async () => {
    const stranger = claiming({ sub: 'system:serviceaccount:default:default' });
    expect(await verdictOn(bearer(stranger))).toBe('forbidden');
    expect(reviews).toEqual([]);
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
    expect(await authenticator.verify(bearer(GOOD))).toEqual({
      kind: 'unknown',
      message: expect.stringContaining(AUDIENCE),
    });
  });

  it('with a token for several audiences is accepted when this is one of them', async () => {
    statusOf = () => accepted(ALERTMANAGER, ['other', AUDIENCE]);
    expect(await verdictOn(bearer(GOOD))).toBe('accepted');
  });

  it.each([
    'system:serviceaccount:sightedit-monitoring:default',
    'system:serviceaccount:sightedit-monitoring:alertmanager2',
    'system:serviceaccount:sightedit-monitoring',
    'system:admin',
  ])('who is %s may not notify', async (username) => {
    statusOf = () => accepted(username);
    expect(await authenticator.verify(bearer(GOOD))).toEqual({
      kind: 'forbidden',
      message: `${username} may not notify`,
    });
  });

  it('cannot be authenticated while the API server does not answer', async () => {
    const recover = api.failOn(() => new KubernetesError(503, '', 'busy'));
    await expect(authenticator.verify(bearer(GOOD))).rejects.toThrow('busy');
    recover();
    expect(await verdictOn(bearer(GOOD))).toBe('accepted');
  });
});

describe('A verdict', () => {
  it('is cached for a minute', async () => {
    await verdictOn(bearer(GOOD));
    await pass(59.999);
    await verdictOn(bearer(GOOD));
    expect(reviews).toHaveLength(1);
    await pass(0.001);
    await verdictOn(bearer(GOOD));
    expect(reviews).toHaveLength(2);
  });

  it('follows the revocation of a token after a minute', async () => {
    expect(await verdictOn(bearer(GOOD))).toBe('accepted');
    statusOf = () => ({ error: 'the token was revoked' });
    await pass(59);
    expect(await verdictOn(bearer(GOOD))).toBe('accepted');
    await pass(1);
    expect(await verdictOn(bearer(GOOD))).toBe('unknown');
  });

  it('that rejects a sender is cached for a minute, too', async () => {
    statusOf = () => accepted('system:admin');
    expect(await verdictOn(bearer(GOOD))).toBe('forbidden');
    statusOf = () => accepted(ALERTMANAGER);
    expect(await verdictOn(bearer(GOOD))).toBe('forbidden');
    await pass(60);
    expect(await verdictOn(bearer(GOOD))).toBe('accepted');
  });

  it('applies to one token only', async () => {
    await verdictOn(bearer(GOOD));
    expect(await verdictOn(bearer(tokenNumber(1)))).toBe('unknown');
    expect(reviews.map(({ token }) => token)).toEqual([GOOD, tokenNumber(1)]);
  });

  it('is not cached longer than the token is valid', async () => {
    const token = claiming({ exp: secondsFromNow(10) });
    statusOf = () => accepted(ALERTMANAGER);
    expect(await verdictOn(`Bearer ${token}`)).toBe('accepted');
    statusOf = () => ({ error: 'the token has expired' });
    await pass(9);
    expect(await verdictOn(`Bearer ${token}`)).toBe('accepted');
    await pass(1);
    expect(await verdictOn(`Bearer ${token}`)).toBe('unknown');
  });

  it('is cached for a minute when the token is valid longer', async () => {
    const token = claiming({ exp: secondsFromNow(3600) });
    await verdictOn(`Bearer ${token}`);
    await pass(59);
    await verdictOn(`Bearer ${token}`);
    expect(reviews).toHaveLength(1);
    await pass(1);
    await verdictOn(`Bearer ${token}`);
    expect(reviews).toHaveLength(2);
  });

  it('of a good token is not evicted by a flood of bad ones, which take no memory', async () => {
    await verdictOn(bearer(GOOD));
    for (let number = 0; number < 250; number += 1) {
      await verdictOn(bearer(tokenNumber(number)));
    }
    expect(reviews).toHaveLength(251);
    await verdictOn(bearer(GOOD));
    // The last hundred bad ones are known, and the one before them is not.
    await verdictOn(bearer(tokenNumber(249)));
    await verdictOn(bearer(tokenNumber(150)));
    expect(reviews).toHaveLength(251);
    await verdictOn(bearer(tokenNumber(149)));
    expect(reviews).toHaveLength(252);
  });
});

describe('TokenReviews', () => {
  /** Lets no review be answered, until the returned function is called. */
  const hold = () => {
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    api.failOn(async (_verb, resource) => {
      if (resource === 'tokenreviews') {
        await held;
      }
      return undefined;
    });
    return release;
  };

  it('are one for all requests with the same token', async () => {
    const release = hold();
    const verdicts = Array.from({ length: 200 }, () => verdictOn(bearer(GOOD)));
    await idle();
    release();
    expect(new Set(await Promise.all(verdicts))).toEqual(new Set(['accepted']));
    expect(reviews).toHaveLength(1);
  });

  it('are sixteen at the same time, and further tokens are not reviewed', async () => {
    const release = hold();
    const waiting = Array.from({ length: 16 }, (_, number) => verdictOn(bearer(tokenNumber(number))));
    await expect(verdictOn(bearer(tokenNumber(16)))).rejects.toThrow(TooManyFlights);
    // Another request with a token under review waits for that review.
    const shared = verdictOn(bearer(tokenNumber(0)));
    release();
    expect(await Promise.all([...waiting, shared])).toEqual(Array(17).fill('unknown'));
    expect(reviews).toHaveLength(16);
    expect(await verdictOn(bearer(tokenNumber(16)))).toBe('unknown');
  });

  it('of a token that was accepted before have a place and connections of their own', async () => {
    const again = new MemoryKubernetes();
    again.tokenReview = api.tokenReview;
    authenticator = new Authenticator({ first: api, again }, AUDIENCE, [ALERTMANAGER]);
    expect(await verdictOn(bearer(GOOD))).toBe('accepted');
    await pass(60);
    const release = hold();
    const flood = Array.from({ length: 16 }, (_, number) => verdictOn(bearer(tokenNumber(number))));
    await idle();
    expect(await verdictOn(bearer(GOOD))).toBe('accepted');
    release();
    await Promise.all(flood);
  });

  it('are cancelled when every client that waits has left', async () => {
    const release = hold();
    let asked: AbortSignal | undefined;
    const create = api.create.bind(api);
    jest.spyOn(api, 'create').mockImplementation((resource, namespace, object, options) => {
      asked = options?.signal;
      return create(resource, namespace, object, options) as never;
    });
    const [one, other] = [new AbortController(), new AbortController()];
    const outcomes = [one, other].map(({ signal }) =>
      authenticator.verify(bearer(GOOD), signal).catch((error: Error) => error.message),
    );
    await idle();
    one.abort(new Error('one left'));
    expect(await outcomes[0]).toBe('one left');
    expect(asked?.aborted).toBe(false);
    other.abort(new Error('the other left'));
    expect(await outcomes[1]).toBe('the other left');
    expect(asked?.aborted).toBe(true);
    release();
  });

  it('that were cancelled leave their place to others', async () => {
    const release = hold();
    const clients = Array.from({ length: 16 }, () => new AbortController());
    const flood = clients.map(({ signal }, number) =>
      authenticator.verify(bearer(tokenNumber(number)), signal).catch(() => 'left'),
    );
    await idle();
    for (const client of clients) {
      client.abort();
    }
    expect(await Promise.all(flood)).toEqual(Array(16).fill('left'));
    const verdict = verdictOn(bearer(GOOD));
    release();
    expect(await verdict).toBe('accepted');
  });
});
