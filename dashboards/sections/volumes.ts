import { BytesIEC, DurationSeconds, PercentUnit } from '@grafana/grafana-foundation-sdk/units';
import { type Section, timeSeries } from '../kit';

const FREE = 'namespace_persistentvolumeclaim:kubelet_volume_stats_available_bytes:ratio{namespace=~"$namespace"}';
const LEGEND = '{{namespace}}/{{persistentvolumeclaim}}';
const DAY = 86400;

/** Volumes of PersistentVolumeClaims. */
export const volumes: Section = {
  title: 'Volumes',
  lines: [
    [
      timeSeries({
        title: 'Volume space used',
        description: 'Used bytes of the volume of each claim.',
        unit: BytesIEC,
        queries: [
          {
            expr: 'max by (namespace, persistentvolumeclaim) (kubelet_volume_stats_used_bytes{namespace=~"$namespace"})',
            legend: LEGEND,
          },
        ],
      }),
      timeSeries({
        title: 'Volume space free',
        description: 'Free share of the volume of each claim. At zero, writes fail, and the pod stops or loses data.',
        unit: PercentUnit,
        limit: { alert: 'PersistentVolumeAlmostFull', value: 0.03, fires: 'below' },
        queries: [{ expr: FREE, legend: LEGEND }],
      }),
    ],
    [
      timeSeries({
        title: 'Time until volumes are full',
        description:
          'Time left at the rate of the last six hours, up to 30 days. A volume that does not grow is not shown.',
        unit: DurationSeconds,
        noValue: 'No volume grows',
        queries: [{ expr: `clamp_max(${FREE} / (-deriv(${FREE}[6h]) > 0), 30 * ${DAY})`, legend: LEGEND }],
      }),
      timeSeries({
        title: 'Volume inodes free',
        description:
          'Free share of the inodes of each volume. With none left, no file can be created, although there is space.',
        unit: PercentUnit,
        limit: { alert: 'PersistentVolumeInodesLow', value: 0.05, fires: 'below' },
        queries: [
          {
            expr: 'namespace_persistentvolumeclaim:kubelet_volume_stats_inodes_free:ratio{namespace=~"$namespace"}',
            legend: LEGEND,
          },
        ],
      }),
    ],
  ],
};
