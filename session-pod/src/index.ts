/** What starts a session pod and how; and the pod itself, for those who measure it. */
import { fileURLToPath } from 'node:url'

export { CONFIG_SCHEMA, type PodConfig } from './config.ts'
export { SESSION_NODE_ENV, SESSION_NODE_FLAGS } from './node-flags.ts'

/** The file to run with Node, with {@link SESSION_NODE_FLAGS} before it. */
export const SESSION_MAIN = fileURLToPath(new URL('./main.ts', import.meta.url))
