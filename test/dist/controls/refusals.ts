import type { CheckName } from '../closure';
import type { Copy } from './copy';
import { BLACKBOX_CONFIG, GRAFANA, policyOf } from './names';

/** What the checks cannot read: they stop there. */
export const refusals: readonly {
  readonly what: string;
  readonly makes: (copy: Copy) => void;
  readonly check: CheckName;
  readonly message: string;
}[] = [
  {
    what: 'an expression in a selector',
    makes: (copy) => {
      copy.object(policyOf(GRAFANA)).spec.podSelector = {
        matchExpressions: [{ key: 'app.kubernetes.io/name', operator: 'In', values: ['grafana'] }],
      };
    },
    check: 'podSelectors',
    message: 'matchExpressions are not understood here',
  },
  {
    what: 'a file that is mounted by itself',
    makes: (copy) => {
      copy.container(GRAFANA).volumeMounts[1].subPath = 'grafana.ini';
    },
    check: 'filePaths',
    message: 'by subPath, which is not understood here',
  },
  {
    what: 'a file in a language of its own',
    makes: (copy) => {
      copy.object(BLACKBOX_CONFIG).data['config.toml'] = '';
    },
    check: 'connections',
    message: 'config.toml is of a kind that is not understood here',
  },
];
