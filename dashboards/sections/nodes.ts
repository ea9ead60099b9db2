import { BytesPerSecondIEC, CountsPerSecond, PercentUnit, Short } from '@grafana/grafana-foundation-sdk/units';
import { type Section, timeSeries } from '../kit';

/** Whole disks: partitions and logical volumes would count the same I/O again. */
const DISKS = 'job="node-exporter", node=~"$node", device=~"nvme[0-9]+n[0-9]+|(s|v|xv)d[a-z]+|mmcblk[0-9]+"';
const INTERFACES = 'job="node-exporter", node=~"$node", device!="lo"';

/** Nodes: utilisation, saturation and errors of each resource. */
export const nodes: Section = {
  title: 'Nodes',
  lines: [
    [
      timeSeries({
        title: 'CPU used',
        description:
          'Share of the CPU time that is not idle. High usage alone is no problem; compare it with the load per core.',
        unit: PercentUnit,
        limit: { alert: 'NodeCPUSaturated', value: 0.9 },
        queries: [{ expr: 'node:node_cpu_utilisation:ratio_rate5m{node=~"$node"}', legend: '{{node}}' }],
      }),
      timeSeries({
        title: 'Load per core',
        description: 'Running and waiting threads per core, over five minutes. Above 1, threads wait for CPU or disk.',
        unit: Short,
        limit: { alert: 'NodeCPUSaturated', value: 1.5 },
        queries: [{ expr: 'node:node_load5_per_core:ratio{node=~"$node"}', legend: '{{node}}' }],
      }),
    ],
    [
      timeSeries({
        title: 'Memory used',
        description:
          'Share of the memory that cannot be freed. Near 100% the kubelet evicts pods or the kernel kills processes.',
        unit: PercentUnit,
        limit: { alert: 'NodeMemoryAlmostExhausted', value: 0.94 },
        queries: [{ expr: 'node:node_memory_utilisation:ratio{node=~"$node"}', legend: '{{node}}' }],
      }),
      timeSeries({
        title: 'Major page faults',
        description: 'Pages read back from disk. With high memory usage this is thrashing, and pods stall.',
        unit: CountsPerSecond,
        limit: { alert: 'NodeMemoryMajorPageFaults', value: 500 },
        queries: [
          {
            expr: 'max by (node) (rate(node_vmstat_pgmajfault{job="node-exporter", node=~"$node"}[$__rate_interval]))',
            legend: '{{node}}',
          },
        ],
      }),
    ],
    [
      timeSeries({
        title: 'Filesystem space free',
        description:
          'Free share of each writable local filesystem. At zero, writes fail and containers no longer start.',
        unit: PercentUnit,
        limit: { alert: 'NodeFilesystemAlmostFull', value: 0.05, fires: 'below' },
        queries: [{ expr: 'node:node_filesystem_avail:ratio{node=~"$node"}', legend: '{{node}} {{device}}' }],
      }),
      timeSeries({
        title: 'Filesystem inodes free',
        description: 'Free share of the inodes. With none left, no file can be created, although there is space.',
        unit: PercentUnit,
        limit: { alert: 'NodeFilesystemInodesLow', value: 0.08, fires: 'below' },
        queries: [{ expr: 'node:node_filesystem_files_free:ratio{node=~"$node"}', legend: '{{node}} {{device}}' }],
      }),
    ],
    [
      timeSeries({
        title: 'Disk busy',
        description:
          'Share of the time in which a disk was busy. Disks that serve requests in parallel can do more at 100%.',
        unit: PercentUnit,
        limit: { alert: 'NodeDiskIOSaturated', value: 0.9 },
        queries: [
          {
            expr: `max by (node, device) (rate(node_disk_io_time_seconds_total{${DISKS}}[$__rate_interval]))`,
            legend: '{{node}} {{device}}',
          },
        ],
      }),
      timeSeries({
        title: 'Disk queue',
        description:
          'Average number of requests waiting for a disk or in service. A long queue at a busy disk is a bottleneck.',
        unit: Short,
        limit: { alert: 'NodeDiskIOSaturated', value: 10 },
        queries: [
          {
            expr: `max by (node, device) (rate(node_disk_io_time_weighted_seconds_total{${DISKS}}[$__rate_interval]))`,
            legend: '{{node}} {{device}}',
          },
        ],
      }),
    ],
    [
      timeSeries({
        title: 'Network received',
        description: 'Bytes received by the interfaces of a node.',
        unit: BytesPerSecondIEC,
        queries: [
          {
            expr: `sum by (node) (rate(node_network_receive_bytes_total{${INTERFACES}}[$__rate_interval]))`,
            legend: '{{node}}',
          },
        ],
      }),
      timeSeries({
        title: 'Network sent',
        description: 'Bytes sent by the interfaces of a node.',
        unit: BytesPerSecondIEC,
        queries: [
          {
            expr: `sum by (node) (rate(node_network_transmit_bytes_total{${INTERFACES}}[$__rate_interval]))`,
            legend: '{{node}}',
          },
        ],
      }),
      timeSeries({
        title: 'Network packets in error',
        description: 'Share of damaged packets. A bad cable, port or driver makes connections retransmit.',
        unit: PercentUnit,
        limit: { alert: 'NodeNetworkErrors', value: 0.01 },
        queries: [
          {
            expr: `
              sum by (node, device) (
                rate(node_network_receive_errs_total{${INTERFACES}}[$__rate_interval])
                + rate(node_network_transmit_errs_total{${INTERFACES}}[$__rate_interval])
              )
              / (node_device:node_network_packets:rate5m{node=~"$node"} > 0)`,
            legend: '{{node}} {{device}}',
          },
        ],
      }),
    ],
  ],
};
