export { createFakeIds, createIds, type Ids } from './ids.ts'
