/**
 * What the Go structs do not say: the values of a field whose set is closed, which fields are required, and names for
 * structs whose own name says too little. Keys are `<package>.<struct>` and `<struct>.<field>`.
 */

const KUBERNETES_ROLES = ['node', 'pod', 'service', 'endpoints', 'endpointslice', 'ingress'];
const TLS_VERSIONS = ['TLS10', 'TLS11', 'TLS12', 'TLS13'];
const VALIDATION_SCHEMES = ['legacy', 'utf8'];
const ESCAPING_SCHEMES = ['allow-utf-8', 'underscores', 'dots', 'values'];
const SCRAPE_PROTOCOLS = [
  'PrometheusProto',
  'OpenMetricsText0.0.1',
  'OpenMetricsText1.0.0',
  'PrometheusText0.0.4',
  'PrometheusText1.0.0',
];
const IP_PROTOCOLS = ['ip4', 'ip6'];
const RELABEL_ACTIONS = [
  'replace',
  'keep',
  'drop',
  'keepequal',
  'dropequal',
  'hashmod',
  'labelmap',
  'labeldrop',
  'labelkeep',
  'lowercase',
  'uppercase',
];

/** The values of a field. */
export const VALUES: Readonly<Record<string, readonly string[]>> = {
  'RelabelConfig.action': RELABEL_ACTIONS,
  'KubernetesSdConfig.role': KUBERNETES_ROLES,
  'SelectorConfig.role': KUBERNETES_ROLES,
  'TLSConfig.min_version': TLS_VERSIONS,
  'TLSConfig.max_version': TLS_VERSIONS,
  'ScrapeConfig.metric_name_validation_scheme': VALIDATION_SCHEMES,
  'GlobalConfig.metric_name_validation_scheme': VALIDATION_SCHEMES,
  'ScrapeConfig.metric_name_escaping_scheme': ESCAPING_SCHEMES,
  'GlobalConfig.metric_name_escaping_scheme': ESCAPING_SCHEMES,
  'ScrapeConfig.scrape_protocols': SCRAPE_PROTOCOLS,
  'GlobalConfig.scrape_protocols': SCRAPE_PROTOCOLS,
  'ScrapeConfig.fallback_scrape_protocol': SCRAPE_PROTOCOLS,
  'RemoteWriteConfig.protobuf_message': ['prometheus.WriteRequest', 'io.prometheus.write.v2.Request'],
  'AlertmanagerConfig.api_version': ['v2'],
  'DnsSdConfig.type': ['A', 'AAAA', 'SRV', 'MX', 'NS'],
  'TracingConfig.client_type': ['http', 'grpc'],
  'TracingConfig.compression': ['gzip'],
  'TelegramConfig.parse_mode': ['MarkdownV2', 'Markdown', 'HTML', ''],
  'Module.prober': ['http', 'tcp', 'dns', 'icmp', 'grpc', 'unix'],
  'HTTPProbe.preferred_ip_protocol': IP_PROTOCOLS,
  'TCPProbe.preferred_ip_protocol': IP_PROTOCOLS,
  'DNSProbe.preferred_ip_protocol': IP_PROTOCOLS,
  'ICMPProbe.preferred_ip_protocol': IP_PROTOCOLS,
  'GRPCProbe.preferred_ip_protocol': IP_PROTOCOLS,
  'DNSProbe.transport_protocol': ['udp', 'tcp'],
  'OpsGenieConfigResponder.type': ['team', 'teams', 'user', 'escalation', 'schedule'],
};

/** Fields without which the server refuses its file. */
export const REQUIRED: ReadonlySet<string> = new Set([
  'BlackboxConfig.modules',
  'DNSProbe.query_name',
  'DnsSdConfig.names',
  'FileSdConfig.files',
  'HttpSdConfig.url',
  'KubernetesSdConfig.role',
  'Module.prober',
  'RemoteReadConfig.url',
  'RemoteWriteConfig.url',
  'ScrapeConfig.job_name',
  'StaticConfig.targets',
  'EmailConfig.to',
  'JiraConfig.issue_type',
  'JiraConfig.project',
  'Receiver.name',
  'TimeInterval.name',
  'TimeInterval.time_intervals',
  'TimeRange.end_time',
  'TimeRange.start_time',
]);

/** Names of structs. The others keep their own name, with their package where that is needed. */
export const NAMES: Readonly<Record<string, string>> = {
  'prometheus/config.Config': 'PrometheusConfig',
  'alertmanager/config.Config': 'AlertmanagerConfig',
  'blackbox_exporter/config.Config': 'BlackboxConfig',
  'alertmanager/config.TimeInterval': 'TimeInterval',
  'alertmanager/timeinterval.TimeInterval': 'TimePeriod',
  'prometheus/discovery/targetgroup.Group': 'StaticConfig',
  'prometheus/discovery/xds.SDConfig': 'KumaSdConfig',
  'prometheus/storage/remote/googleiam.Config': 'GoogleIamConfig',
};

/** Structs with the lists `<mechanism>_sd_configs`, which the modules register at run time. */
export const WITH_DISCOVERY: ReadonlySet<string> = new Set([
  'prometheus/config.AlertmanagerConfig',
  'prometheus/config.ScrapeConfig',
]);

/** Fields that are left out: they need a secret manager, which neither server has. */
export const UNSUPPORTED = /_ref$/;
