/** Name of the variable that chooses the Prometheus to read from. */
export const DATA_SOURCE_VARIABLE = 'datasource';

/** What every panel, variable and annotation reads from. */
export const DATA_SOURCE = { type: 'prometheus', uid: `\${${DATA_SOURCE_VARIABLE}}` } as const;
