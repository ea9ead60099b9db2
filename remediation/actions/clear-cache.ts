export type ClearCache = any;
export const clearCacheAction: any = {};
export const clearCache: any = undefined;
