import { serverComplaints } from '../support/refusals';
import { type Accepted, acceptedSettings } from '../support/settings';
import { describeWithTools } from '../support/tools';

/** The end-to-end test has 500, and asks an API server as well. */
const COUNT = 20;

describeWithTools(['amtool', 'promtool'], `${COUNT} generated settings that the program accepts`, () => {
  const accepted: readonly Accepted[] = [...acceptedSettings(COUNT)];

  it('are accepted by Alertmanager and Prometheus', async () => {
    expect(await serverComplaints(accepted)).toEqual([]);
  });

  it('would not be, with one that Alertmanager refuses among them', async () => {
    const broken = JSON.parse(
      JSON.stringify(accepted).replace(/group_wait: [0-9a-z]+/, 'group_wait: soon'),
    ) as readonly Accepted[];
    expect((await serverComplaints(broken)).join()).toContain('not a valid duration string');
  });
});
