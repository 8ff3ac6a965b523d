/** Reaching WhatsApp through a proxy and in no other way. */
export { createProxies, type Proxies, type Route } from './proxies.ts'
export { fromFile, fromPool } from './source.ts'
