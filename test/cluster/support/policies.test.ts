import type { Pod } from './pods';
import { type Attempt, isAllowed, type Policy } from './policies';

const namespaces = new Map([
  ['shop', { team: 'shop' }],
  ['watch', { team: 'watch' }],
]);

function pod(namespace: string, name: string, podIP: string, hostIP = '172.31.0.1'): Pod {
  return {
    metadata: { namespace, name, uid: name, labels: { app: name } },
    spec: { nodeName: 'node', securityContext: {}, containers: [] },
    status: { phase: 'Running', podIP, hostIP, startTime: '', containerStatuses: [] },
  };
}

function policy(namespace: string, app: string, spec: Partial<Policy['spec']>): Policy {
  const podSelector = { matchLabels: { app } };
  return { metadata: { name: app, namespace }, spec: { podSelector, policyTypes: ['Ingress', 'Egress'], ...spec } };
}

const web = pod('shop', 'web', '10.0.0.1');
const db = pod('shop', 'db', '10.0.0.2');
const spy = pod('watch', 'spy', '10.0.0.3');

const attempt = (from: Pod, to: Pod, port = 5432): Attempt => ({
  from: { address: from.status.podIP, pod: from },
  to: { address: to.status.podIP, pod: to, port, protocol: 'TCP' },
});
const towards = (from: Pod, address: string, port = 443): Attempt => ({
  from: { address: from.status.podIP, pod: from },
  to: { address, port, protocol: 'TCP' },
});

describe('The evaluator of NetworkPolicies', () => {
  const ports = [{ port: 5432, protocol: 'TCP' }];
  const fromWeb = policy('shop', 'db', {
    ingress: [{ ports, from: [{ podSelector: { matchLabels: { app: 'web' } } }] }],
  });
  const toInternet = policy('shop', 'web', {
    egress: [{ to: [{ ipBlock: { cidr: '0.0.0.0/0', except: ['10.0.0.0/8', '169.254.0.0/16'] } }] }],
  });
  const fromTeam = policy('shop', 'db', {
    ingress: [{ from: [{ namespaceSelector: { matchLabels: { team: 'watch' } } }] }],
  });

  it.each<[string, Attempt, Policy[], boolean]>([
    ['without a policy everything is open', attempt(spy, db), [], true],
    ['a policy closes what it does not name', attempt(spy, db), [fromWeb], false],
    ['a policy opens what it names', attempt(web, db), [fromWeb], true],
    ['a policy opens only its ports', attempt(web, db, 22), [fromWeb], false],
    ['policies add up', attempt(spy, db), [fromWeb, fromTeam], true],
    ['a pod selector alone means the own namespace', attempt(pod('watch', 'web', '10.0.0.9'), db), [fromWeb], false],
    ['egress is a direction of its own', attempt(db, web, 80), [fromWeb], false],
    ['a policy of another namespace does not count', attempt(web, db), [policy('watch', 'db', {})], true],
    ['an address block opens the Internet', towards(web, '198.51.100.10'), [toInternet], true],
    ['an address block has exceptions', towards(web, '169.254.169.254'), [toInternet], false],
    ['a rule without peers means everyone', attempt(spy, db), [policy('shop', 'db', { ingress: [{}] })], true],
    ['both sides must agree', attempt(web, db), [fromWeb, policy('shop', 'web', {})], false],
    [
      'a node reaches its own pods',
      { from: { address: '172.31.0.1' }, to: attempt(web, db).to },
      [policy('shop', 'db', {})],
      true,
    ],
    [
      'a node does not reach the pods of others',
      { from: { address: '172.31.0.2' }, to: attempt(web, db).to },
      [policy('shop', 'db', {})],
      false,
    ],
  ])('%s', (_, connection, policies, expected) => {
    expect(isAllowed(connection, policies, namespaces)).toBe(expected);
  });

  it('refuses what it does not know', () => {
    const named = [{ port: 'http', protocol: 'TCP' } as unknown as { port: number; protocol: string }];
    const rule = policy('shop', 'db', { ingress: [{ ports: named }] });
    expect(() => isAllowed(attempt(web, db), [rule], namespaces)).toThrow('unknown kind of port');
  });
});
