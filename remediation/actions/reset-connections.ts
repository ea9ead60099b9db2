export type ResetConnections = any;
export const resetConnectionsAction: any = {};
export const resetConnections: any = undefined;
