import { gates } from '../../../remediation/gates';
import { KubernetesError, RESOURCES } from '../../../remediation/kubernetes';
import { Bench, MONITORING, SWITCH, skipped } from '../support/bench';

describe('The kill switch', () => {
  let bench: Bench;
  const outcome = () => skipped(gates.killSwitch(undefined, bench.context));

  beforeEach(() => {
    bench = new Bench();
  });

  it('lets actions run while its ConfigMap is armed', async () => {
    expect(await outcome()).toBe('passes');
  });

  it('stops everything while it has the key stop, and shows its value', async () => {
    bench.arm({ armed: 'true', stop: 'game day' });
    expect(await outcome()).toBe('kill-switch: game day');
  });

  it('stops everything while it has the key stop, even without a reason', async () => {
    bench.arm({ armed: 'true', stop: '' });
    expect(await outcome()).toMatch(/^kill-switch: ./);
  });

  it.each<[string, { readonly [key: string]: string }]>([
    ['says armed: "false"', { armed: 'false' }],
    ['says armed: "True", which is not "true"', { armed: 'True' }],
    ['says nothing', {}],
  ])('stops everything while its ConfigMap %s', async (_what, data) => {
    bench.arm(data);
    expect(await outcome()).toBe(`kill-switch: ConfigMap ${SWITCH} does not say armed: "true"`);
  });

  it('stops everything while its ConfigMap has no data', async () => {
    bench.api.put(RESOURCES.configMaps, { metadata: { namespace: MONITORING, name: SWITCH }, data: undefined });
    expect(await outcome()).toBe(`kill-switch: ConfigMap ${SWITCH} does not say armed: "true"`);
  });

  it('stops everything while its ConfigMap is missing', async () => {
    await bench.api.delete({ resource: RESOURCES.configMaps, namespace: MONITORING, name: SWITCH });
    expect(await outcome()).toMatch(/^kill-switch: ConfigMap .* cannot be read: .*not found/);
  });

  it.each([403, 500, 0])('stops everything while reading its ConfigMap is answered with %d', async (status) => {
    bench.api.failOn((_verb, resource) =>
      resource === 'configmaps' ? new KubernetesError(status, '', `status ${status}`) : undefined,
    );
    expect(await outcome()).toBe(`kill-switch: ConfigMap ${SWITCH} cannot be read: status ${status}`);
  });

  it('is read each time, so a change applies at once', async () => {
    bench.arm({ stop: 'now' });
    expect(await outcome()).toBe('kill-switch: now');
    bench.arm();
    expect(await outcome()).toBe('passes');
  });
});
