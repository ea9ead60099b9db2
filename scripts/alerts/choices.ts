/** Alerts of kubernetes-mixin, node-mixin, the etcd, PostgreSQL and Redis mixins and others that this catalogue lacks on purpose, or has in another form. */
export const CHOICES: readonly { readonly upstream: string; readonly ours: string; readonly reason: string }[] = [
  {
    upstream: 'KubeDeploymentGenerationMismatch, KubeStatefulSetGenerationMismatch',
    ours: 'KubeControllerManagerDown',
    reason: 'a controller that observes nothing is down; where the provider runs it, only the provider can act',
  },
  {
    upstream: 'KubeDaemonSetMisScheduled',
    ours: '-',
    reason: 'a pod on a node that it does not need harms nobody; the next drain removes it',
  },
  {
    upstream: 'KubePdbNotEnoughHealthyPods',
    ours: 'PodNotReady, DeploymentReplicasMismatch',
    reason: 'the pods that are missing have alerts of their own, earlier and with their cause',
  },
  {
    upstream: 'KubeCPUOvercommit, KubeMemoryOvercommit',
    ours: 'ClusterRequestsHigh',
    reason: 'the watched namespaces are ours; requests of others have their own watchers',
  },
  {
    upstream: 'KubePersistentVolumeInodesFillingUp, NodeFilesystemFilesFillingUp',
    ours: 'PersistentVolumeInodesLow, NodeFilesystemInodesLow',
    reason: 'inodes run out after a change of behaviour, which a trend of days does not foresee',
  },
  {
    upstream: 'NodeFilesystemSpaceFillingUp (critical)',
    ours: 'NodeFilesystemAlmostFull, NodeFilesystemFillingUp',
    reason: 'a fast fill reaches 5% before a prediction is certain; the page at 5% is certain',
  },
  {
    upstream: 'KubeVersionMismatch',
    ours: '-',
    reason: 'an upgrade that takes days is normal where nodes are replaced one by one',
  },
  {
    upstream: 'KubeClientErrors',
    ours: 'KubernetesAPIErrorsHigh, KubernetesAPIThrottling',
    reason: 'the server counts the same failures once, without the retries of every client',
  },
  {
    upstream: 'KubeAPIErrorBudgetBurn',
    ours: 'KubernetesAPIErrorsHigh, KubernetesAPISlow',
    reason: 'the objective of the API server is its operator’s; we tell when it harms us',
  },
  {
    upstream: 'KubeAPITerminatedRequests',
    ours: 'KubernetesAPIThrottling',
    reason: 'the server terminates requests in the overload that throttling shows first',
  },
  {
    upstream: 'KubeNodeEviction',
    ours: 'NodePressure',
    reason: 'the pressure that evicts is told; an eviction that relieves it needs no person',
  },
  {
    upstream: 'KubeletPodStartUpLatencyHigh',
    ours: 'PodNotReady, KubeletPLEGSlow',
    reason: 'most slow starts are slow images; those that harm are pods that are not ready',
  },
  {
    upstream: 'NodeClockSkewDetected (converging)',
    ours: 'NodeClockSkew',
    reason:
      'a clock that is 50 ms off is wrong while it converges too; when every node fires, the clock of Prometheus is',
  },
  {
    upstream: 'NodeNetworkInterfaceFlapping',
    ours: 'NodeNetworkErrors, NodeReadinessFlapping',
    reason: 'what a flapping interface breaks is told; virtual interfaces come and go by design',
  },
  {
    upstream: 'PrometheusNotificationQueueRunningFull, PrometheusNotificationsBacklog',
    ours: 'PrometheusNotificationsDropped',
    reason: 'a queue of 10,000 alerts fills within one evaluation in a flood, or never',
  },
  {
    upstream: 'PrometheusRemoteWriteDesiredShards',
    ours: 'PrometheusRemoteWriteBehind',
    reason: 'the wish for shards is no effect; samples that are late are',
  },
  {
    upstream: 'PrometheusTemplateTextExpansionFailures',
    ours: '-',
    reason: 'the unit test of every alert renders its annotations',
  },
  {
    upstream: 'PrometheusTargetScrapingSlow',
    ours: 'TargetDown',
    reason: 'a scrape that is too slow times out, and then the target is down',
  },
  {
    upstream: 'PrometheusTsdbCheckpoint…, …HeadTruncationsFailed, …WalTruncationsFailed',
    ours: 'PrometheusTSDBCompactionsFailing, PersistentVolumeAlmostFull',
    reason: 'the same disk fails the compaction, and the log that grows fills the volume',
  },
  {
    upstream: 'AlertmanagerClusterCrashlooping, PrometheusTooManyRestarts',
    ours: 'ContainerRestarting',
    reason: 'it reads the restarts of every container, those of the platform among them',
  },
  {
    upstream: 'GrafanaRequestsFailing',
    ours: 'GrafanaDown, GrafanaDataSourceErrors',
    reason: 'nobody is paged for a dashboard; its users see the error',
  },
  {
    upstream:
      'etcdHighNumberOfFailedGRPCRequests, etcdGRPCRequestsSlow, etcdMemberCommunicationSlow, etcdHighNumberOfFailedProposals, etcdHighCommitDurations, etcdExcessiveDatabaseGrowth, etcdDatabaseHighFragmentationRatio',
    ours: 'EtcdFsyncSlow, EtcdLeaderChanges, EtcdNoLeader, EtcdDatabaseNearQuota, KubernetesAPISlow',
    reason: 'these tell the cause (the disk) and the effect (the API); the steps between need no second message',
  },
  {
    upstream: 'PostgresAcquiredTooManyLocks',
    ours: 'PostgresBlockedQueries',
    reason: 'locks harm when somebody waits for them, and that is measured',
  },
  {
    upstream: 'PostgresqlTableNotAutoAnalyzed, PostgresqlBloatIndexHigh, PostgresqlInvalidIndex',
    ours: 'PostgresDeadTuplesHigh, PostgresTableBloat, PostgresSlowStatements',
    reason: 'they show in slow statements; index bloat cannot be estimated without reading the index',
  },
  {
    upstream: 'RedisOutOfMemory, RedisOutOfSystemMemory (no maxmemory)',
    ours: 'ContainerMemoryNearLimit, NodeMemoryAlmostExhausted',
    reason: 'without maxmemory the limit is that of the container or of the node',
  },
  {
    upstream: 'RedisMissingBackup',
    ours: 'RedisPersistenceFailing',
    reason: 'the cache may be lost; saves that are switched off are a decision',
  },
  {
    upstream: 'HostFilesystemDeviceError, HostUnusualDiskReadLatency, HostUnusualDiskWriteLatency',
    ours: 'NodeFilesystemReadOnly, NodeDiskIOSaturated, NodeStalledOnIO',
    reason: 'a slow disk is told when processes wait for it',
  },
  {
    upstream: 'HostCpuStealNoisyNeighbor',
    ours: 'NodeCPUSaturated',
    reason: 'steal counts as busy; it harms when threads queue',
  },
  {
    upstream: 'HostOomKillDetected',
    ours: 'ContainerOOMKilled, NodeMemoryAlmostExhausted',
    reason: 'a killed child of a container in another namespace is its owner’s',
  },
  {
    upstream: 'KubernetesVolumeOutOfDiskSpace',
    ours: 'PersistentVolumeAlmostFull, PersistentVolumeFillingUp',
    reason: 'a volume that stands at 4% and does not grow needs nobody tonight',
  },
  {
    upstream: 'the label excluded_from_alerts of a claim',
    ours: '-',
    reason: 'a silence exempts a claim, and has an author, a reason and an end',
  },
];
