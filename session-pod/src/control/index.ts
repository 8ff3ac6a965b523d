/** The control listener of a session pod: see `server.ts` for who may use it. */
export { createTextAcceptor } from './accept-text.ts'
export { type ControlServer, createControlServer } from './server.ts'
export type { ControlTarget } from './target.ts'
