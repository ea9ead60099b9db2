/** Variable that selects the Prometheus data source. */
export const DATA_SOURCE_VARIABLE = 'datasource';

/** Data source of every panel, variable and annotation. */
export const DATA_SOURCE = { type: 'prometheus', uid: `\${${DATA_SOURCE_VARIABLE}}` } as const;
