export type BlockAddress = any;
export const blockAddressAction: any = {};
export const blockAddress: any = undefined;
