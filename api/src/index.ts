/** The API tier. `main.ts` runs it as a process; the single-machine product runs it in its own. */
export { type ApiConfig, apiConfigSchema, loadApiConfig } from './config.ts'
export { type Api, type ApiDeps, createApi } from './create-api.ts'
export { BLOBS_PATH } from './web-role.ts'
