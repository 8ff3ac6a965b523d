/** prom-client costs about 9 MB; a session process imports this only when asked for metrics. */
export { Counter, Gauge, Histogram, Registry } from 'prom-client'
export { DURATION_BUCKETS, LATENCY_BUCKETS } from './buckets.ts'
export { createRegistry } from './create-registry.ts'
