export * from './conditions.ts'
export * from './crd.ts'
export * from './schema.ts'
export * from './types.ts'
