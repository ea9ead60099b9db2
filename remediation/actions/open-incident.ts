export type OpenIncident = any;
export const openIncidentAction: any = {};
export const openIncident: any = undefined;
